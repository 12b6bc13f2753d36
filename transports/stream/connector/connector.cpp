#include <psyne/core/log/log.hpp>
#include <psyne/transports/stream/connector/connector.hpp>
#include <psyne/transports/stream/place/caller_of.hpp>
#include <psyne/transports/stream/place/interfaces.hpp>
#include <psyne/transports/stream/place/tuning.hpp>

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace psyne::inline v0::stream {

namespace {

/// How long the longest pause is after what went wrong with one who listens.
std::chrono::nanoseconds longest_pause(const Error& error) {
  switch (error.code()) {
    case Code::not_found:
    case Code::peer_lost: return Connector::nobody;
    case Code::in_use:
    case Code::exhausted:
    case Code::timed_out: return Connector::passing;
    default: return Connector::lasting;
  }
}

/// The kernel may give a socket that connects to a port of this host that very port: then it meets itself.
bool is_itself(int socket) {
  const auto own = SocketAddress::own_of(socket);
  const auto peer = SocketAddress::peer_of(socket);
  return own && peer && own->family() != AF_UNIX && *own == *peer;
}

}  // namespace

Connector::Connector(const Place& place, const Attendant& attendant, MakeLink make_link)
    : place_(place),
      attendant_(attendant),
      make_link_(std::move(make_link)),
      pause_(attendant.presence),
      alive_(std::make_shared<Connector*>(this)) {}

Result<std::unique_ptr<Connector>> Connector::start(const Place& place, const Attendant& attendant,
                                                    MakeLink make_link) {
  std::unique_ptr<Connector> made(new Connector(place, attendant, std::move(make_link)));
  if (const std::string& from = attendant.settings.interface_name; place.tcp && !from.empty()) {
    auto addresses = addresses_of(from);
    if (!addresses) return addresses.error();
    made->from_ = std::move(*addresses);
  }
  auto alarm = Alarm::make([raw = made.get()] { raw->go_on(); });
  if (!alarm) return alarm.error();
  made->alarm_ = std::move(*alarm);
  auto hang_up = HangUp::make([raw = made.get()](std::uint64_t connection) { raw->ended(connection); });
  if (!hang_up) return hang_up.error();
  made->hang_up_ = std::move(*hang_up);
  made->try_now();
  made->set_alarm();
  return made;
}

Connector::~Connector() {
  if (connecting_) connecting_->unwatch();
  if (meeting_) meeting_->abandon();
}

void Connector::go_on() {
  const Deadline now = Clock::now();
  if (meeting_ && meeting_->deadline() <= now) meeting_->stall();
  if (connecting_ && connect_by_ <= now) {
    not_this_one(ETIMEDOUT);
  } else if (next_try_ <= now) {
    try_now();
  }
  set_alarm();
}

void Connector::set_alarm() {
  Deadline next = next_try_;
  if (meeting_) next = std::min(next, meeting_->deadline());
  if (connecting_) next = std::min(next, connect_by_);
  alarm_->set(next);
}

void Connector::try_now() {
  next_try_ = no_deadline;
  meeting_.reset();  // one whose refusal is still on its way
  if (!place_.tcp) {
    auto address = SocketAddress::of_path(place_.path);
    if (!address) {
      tell(address.error());
      return try_later(lasting);
    }
    addresses_ = {*address};
  } else if (auto numbers = Resolution::of_numbers(place_.endpoint)) {
    addresses_ = std::move(*numbers);
  } else {
    return look_up();
  }
  address_ = 0;
  connect_next();
}

void Connector::look_up() {
  auto started = Resolution::start(place_.endpoint, [this](Resolution::Addresses found) {
    const auto done = std::move(resolution_);
    if (found) {
      addresses_ = std::move(*found);
      address_ = 0;
      connect_next();
    } else {
      tell(found.error());
      try_later(passing);
    }
    set_alarm();
  });
  if (started) {
    resolution_ = std::move(*started);
  } else {
    tell(started.error());
    try_later(passing);
  }
}

Result<Descriptor> Connector::socket_for(const SocketAddress& address) const {
  const auto from = std::ranges::find(from_, address.family(), &SocketAddress::family);
  if (from == from_.end() && !from_.empty()) return system_error(EADDRNOTAVAIL, "cannot connect from there");
  Descriptor socket(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket)
    return system_error(errno, "cannot connect " + place_.uri).mend("Raise the limit of open files (ulimit -n).");
  tune(socket.get(), attendant_.settings);
  if (from != from_.end() && bind(socket.get(), from->generic(), from->length()) != 0) {
    return system_error(errno, "cannot connect " + place_.uri + " from " + from->text());
  }
  return socket;
}

void Connector::connect_next() {
  for (; address_ < addresses_.size(); ++address_) {
    const SocketAddress& address = addresses_[address_];
    auto socket = socket_for(address);
    if (!socket) {
      tell(socket.error());
      continue;
    }
    const int outcome = connect(socket->get(), address.generic(), address.length());
    const int number = errno;
    connecting_ = std::make_unique<LifeLine>(std::move(*socket));
    if (outcome == 0) return connected();
    if (number == EINPROGRESS && connecting_->watch(EPOLLOUT, *this)) {
      connect_by_ = Clock::now() + Meeting::patience;
      return;
    }
    connecting_.reset();
    logging::write(logging::Level::debug, "stream", place_.uri, ": cannot connect to ",
                   address.family() == AF_UNIX ? place_.path : address.text(), ": ", system_reason(number));
  }
  try_later(nobody);
}

void Connector::not_this_one(int number) {
  logging::write(logging::Level::debug, "stream", place_.uri, ": cannot connect to ", addresses_[address_].text(), ": ",
                 system_reason(number));
  connecting_->unwatch();
  connecting_.reset();
  ++address_;
  connect_next();
}

void Connector::ready(int descriptor, std::uint32_t /*events*/) noexcept {
  int number = 0;
  socklen_t bytes = sizeof number;
  static_cast<void>(getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &number, &bytes));
  number == 0 ? connected() : not_this_one(number);
  set_alarm();
}

void Connector::connected() {
  connecting_->unwatch();
  if (is_itself(connecting_->get())) return not_this_one(ECONNREFUSED);
  auto caller = caller_of(line_of(std::move(connecting_)), attendant_.tls.get());
  if (!caller) {
    ++address_;
    return connect_next();
  }
  meeting_ = std::make_unique<Meeting>(static_cast<Meeting::Owner&>(*this), attendant_, *caller, make_link_);
  meeting_->start();
}

void Connector::missed(const Meeting& meeting, const Error& error, bool told) {
  logging::write(logging::Level::debug, "stream", place_.uri, ": ", error);
  // That nobody is there yet under this name is no news, as that nobody listens is none.
  // Of a link that both had, its end tells; and who asks for its place meanwhile is sent away.
  const bool of_link = meeting.continues() && (error == Code::peer_lost || error == Code::timed_out ||
                                               error == Code::refused || error == Code::in_use);
  if (!told && !of_link && error != Code::not_found) tell(error);
  try_later(longest_pause(error));
}

void Connector::over(Meeting& meeting) {
  const auto gone = std::move(meeting_);
  if (meeting.linked()) {
    linked_at_ = Clock::now();
    linked_ = connection_;
    if (attendant_.sessions) pause_.reset();  // what it has will be lost if it does not come back soon
    told_.clear();
    if (auto watched = hang_up_->watch(gone->line()->get(), linked_); !watched) tell(watched.error());
  }
  set_alarm();
}

// A link that its host drops closes its socket, which nobody may have hung up: so its last owner tells. On any thread.
std::shared_ptr<LifeLine> Connector::line_of(std::unique_ptr<LifeLine> socket) {
  auto tell_end = [who = std::weak_ptr(alive_), connection = ++connection_](LifeLine* line) {
    const bool forked = line->forked();
    delete line;
    auto service = forked ? Result<Service*>(Code::forked) : Service::process();
    if (!service) return;
    (*service)->post([who, connection] {
      if (const auto alive = who.lock()) (*alive)->ended(connection);
    });
  };
  return {socket.release(), std::move(tell_end)};
}

void Connector::ended(std::uint64_t connection) {
  if (connection != linked_ || linked_ == 0) return;
  linked_ = 0;
  if (Clock::now() - linked_at_ >= good_life) pause_.reset();
  logging::write(logging::Level::debug, "stream", place_.uri, ": the connection has ended");
  try_later(nobody);
  set_alarm();
}

void Connector::try_later(std::chrono::nanoseconds longest) {
  const auto pause = pause_.next(longest);
  next_try_ = Clock::now() + pause;
  logging::write(logging::Level::debug, "stream", place_.uri, ": tries again in ",
                 std::chrono::duration_cast<std::chrono::milliseconds>(pause).count(), " ms");
}

// Once, however often it is tried again.
void Connector::tell(const Error& error) {
  if (error.text() == told_) return;
  told_ = error.text();
  attendant_.host->missed(nullptr, error);
}

}  // namespace psyne::inline v0::stream
