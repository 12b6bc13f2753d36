#include <psyne/core/log/log.hpp>
#include <psyne/core/uri/quoted.hpp>
#include <psyne/transports/stream/place/caller_of.hpp>
#include <psyne/transports/stream/place/socket_address.hpp>
#include <psyne/transports/stream/place/tuning.hpp>
#include <psyne/transports/stream/port/port.hpp>

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace psyne::inline v0::stream {

namespace {

/// How long nobody is let in when this process has no descriptor for him.
constexpr auto breather = std::chrono::milliseconds(100);

/// Nobody is to hear that one who came back did not get through, or that the link has ended: its ends say so
/// themselves.
bool goes_by(const Meeting& meeting, const Error& error) {
  return meeting.continues() &&
         (error == Code::not_found || error == Code::peer_lost || error == Code::timed_out || error == Code::closed);
}

bool is_there(const std::weak_ptr<LifeLine>& visitor) {
  const auto line = visitor.lock();
  if (!line) return false;
  pollfd connection{.fd = line->get(), .events = POLLRDHUP, .revents = 0};
  return poll(&connection, 1, 0) == 0;
}

}  // namespace

Port::Port(std::string uri, Descriptor listener, SocketFile file, MakeLink make_link,
           std::shared_ptr<const TlsContext> tls)
    : uri_(std::move(uri)),
      listener_(std::make_unique<LifeLine>(std::move(listener))),
      file_(std::move(file)),
      make_link_(std::move(make_link)),
      tls_(std::move(tls)) {}

Result<std::shared_ptr<Port>> Port::open(std::string uri, Descriptor listener, SocketFile file, MakeLink make_link,
                                         std::shared_ptr<const TlsContext> tls) {
  const auto address = SocketAddress::own_of(listener.get());
  if (!address) return address.error();
  std::shared_ptr<Port> port(
      new Port(std::move(uri), std::move(listener), std::move(file), std::move(make_link), std::move(tls)));
  port->number_ = address->port();
  auto alarm = Alarm::make([raw = port.get()] { raw->go_on(); });
  if (!alarm) return alarm.error();
  port->alarm_ = std::move(*alarm);
  if (auto watched = port->listener_->watch(EPOLLIN, *port); !watched) return watched.error();
  return port;
}

Port::~Port() {
  listener_->unwatch();
  for (const auto& meeting : meetings_) meeting->abandon();
}

Port::Seat* Port::seat_of(const Attendant* attendant) noexcept {
  const auto found = std::ranges::find(seats_, attendant, &Seat::attendant);
  return found == seats_.end() ? nullptr : &*found;
}

bool Port::has(const std::string& name, Side side) const noexcept {
  return std::ranges::any_of(
      seats_, [&](const Seat& seat) { return seat.attendant->name == name && seat.attendant->side == side; });
}

void Port::add(const Attendant& attendant) { seats_.push_back({.attendant = &attendant, .visitors = {}}); }

void Port::remove(const Attendant& attendant) {
  std::erase_if(seats_, [&](const Seat& seat) { return seat.attendant == &attendant; });
  std::erase_if(meetings_, [&](const auto& meeting) {
    if (meeting->attendant() != &attendant) return false;
    meeting->abandon();
    return true;
  });
  if (full_) go_on();
}

void Port::ready(int /*descriptor*/, std::uint32_t /*events*/) noexcept {
  // At most so many in a row, so that a flood does not hold up the rest of the service thread.
  for (std::size_t i = 0; i < most_meetings && !resting_; ++i) {
    if (meetings_.size() >= most_meetings) {
      if (const Deadline room = make_room(); room > Clock::now()) {
        rest(room);
        full_ = true;
        break;
      }
    }
    Descriptor socket(accept4(listener_->get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket) {
      begin(std::move(socket));
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      const Error error =
          system_error(errno, "cannot let a peer in to " + uri_).mend("Raise the limit of open files (ulimit -n).");
      for (const Seat& seat : seats_) seat.attendant->host->missed(nullptr, error);
      rest(Clock::now() + breather);
    } else if (errno == EAGAIN) {
      break;
    }
    // Else he went before he was let in.
  }
  set_alarm();
}

void Port::begin(Descriptor socket) {
  auto caller = caller_of(std::make_shared<LifeLine>(std::move(socket)), tls_.get());
  if (!caller) return;  // he is gone
  meetings_.push_back(std::make_unique<Meeting>(static_cast<Meeting::Owner&>(*this), static_cast<Reception&>(*this),
                                                *caller, make_link_));
  meetings_.back()->start();
}

// Ends the meeting of the oldest stranger, if he came long enough ago; when that will be otherwise.
Deadline Port::make_room() {
  const auto stranger = std::ranges::find_if(meetings_, [](const auto& meeting) { return !meeting->let_in(); });
  if (stranger == meetings_.end()) return no_deadline;
  const Deadline due = (*stranger)->begun() + grace;
  if (due > Clock::now()) return due;
  (*stranger)->abandon();
  meetings_.erase(stranger);
  return due;
}

void Port::rest(Deadline until) {
  logging::write(logging::Level::debug, "stream", uri_, ": lets nobody in ",
                 until == no_deadline ? "until a handshake ends" : "for a moment");
  resting_ = true;
  rests_until_ = until;
  static_cast<void>(listener_->rewatch(0));
}

void Port::go_on() {
  const Deadline now = Clock::now();
  for (;;) {
    const auto stalled = std::ranges::find_if(meetings_, [&](const auto& each) { return each->deadline() <= now; });
    if (stalled == meetings_.end()) break;
    (*stalled)->stall();
  }
  if (resting_ && (rests_until_ <= now || (full_ && meetings_.size() < most_meetings))) {
    resting_ = full_ = false;
    rests_until_ = no_deadline;
    static_cast<void>(listener_->rewatch(EPOLLIN));
  }
  set_alarm();
}

void Port::set_alarm() {
  Deadline next = rests_until_;
  for (const auto& meeting : meetings_) next = std::min(next, meeting->deadline());
  alarm_->set(next);
}

void Port::missed(const Meeting& meeting, const Error& error, bool told) {
  const Attendant* attendant = meeting.attendant();
  logging::write(logging::Level::debug, "stream", uri_, ": ", error);
  if (Seat* seat = seat_of(attendant)) {
    std::erase_if(seat->visitors, [&](const Visitor& visitor) { return visitor.line.lock() == meeting.line(); });
  }
  // Who waits for a place that is taken asks again and again; who comes back for a link that has ended begins anew.
  if (told || error == Code::in_use || goes_by(meeting, error)) return;
  if (attendant != nullptr) return attendant->host->missed(nullptr, error);
  // Whom TLS refuses has not said whom he wants.
  if (!tls_ || error != Code::refused) return;
  for (const Seat& seat : seats_) seat.attendant->host->missed(nullptr, error);
}

void Port::over(Meeting& meeting) {
  const auto found = std::ranges::find(meetings_, &meeting, &std::unique_ptr<Meeting>::get);
  const auto gone = std::move(*found);
  meetings_.erase(found);
  alarm_->set(Clock::now());  // not from here: this is called in the middle of things
}

Result<const Attendant*> Port::find(const Hello& hello) {
  bool same_side = false;
  for (const Seat& seat : seats_) {
    if (seat.attendant->name != hello.name) continue;
    if (seat.attendant->side != hello.side) return seat.attendant;
    same_side = true;
  }
  const char* ends = hello.side == Side::offering ? "both ends are senders" : "both ends are receivers";
  if (same_side) return Error(Code::incompatible, "").because(ends).mend("Open one of them as the other.");
  return Error(Code::not_found, "")
      .because(hello.name.empty() ? "nobody is present there without a name"
                                  : "nobody is present there as " + quoted(hello.name))
      .mend("Open the other end, or correct the name.");
}

Result<void> Port::let_in(const Attendant& attendant, const Hello& hello, const Caller& caller) {
  Seat* seat = seat_of(&attendant);
  std::erase_if(seat->visitors, [](const Visitor& visitor) { return !is_there(visitor.line); });
  for (const Visitor& other : seat->visitors) {
    if ((!other.exclusive && !hello.exclusive) || other.presence == hello.presence) continue;
    return Error(Code::in_use, "")
        .because(other.exclusive ? "another one is connected that is to be the only one"
                                 : "another one is connected, and this is to be the only one")
        .mend("Close the other one first, or open neither as the only one.");
  }
  tune(caller.line->get(), attendant.settings);
  seat->visitors.push_back({.line = caller.line, .presence = hello.presence, .exclusive = hello.exclusive});
  return {};
}

}  // namespace psyne::inline v0::stream
