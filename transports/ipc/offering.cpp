#include <psyne/core/atomics/step.hpp>
#include <psyne/core/log/log.hpp>
#include <psyne/transports/ipc/offering.hpp>

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace psyne::inline v0 {

namespace {

/// How long nobody is let in when this process has no descriptor for him.
constexpr auto breather = std::chrono::milliseconds(100);

}  // namespace

Offering::Offering(Directory& directory, Host& host, Descriptor listener)
    : uri_(directory.place().uri()),
      host_(host),
      listener_(std::make_unique<LifeLine>(std::move(listener))),
      meetings_(Side::offering, host, directory.place()) {}

Result<std::unique_ptr<Offering>> Offering::start(Directory& directory, Host& host) {
  auto listener = directory.listen();
  if (!listener) return listener.error();
  std::unique_ptr<Offering> offering(new Offering(directory, host, std::move(*listener)));
  auto alarm = Alarm::make([raw = offering.get()] { raw->go_on(); });
  if (!alarm) return alarm.error();
  offering->alarm_ = std::move(*alarm);
  if (auto watched = offering->listener_->watch(EPOLLIN, *offering); !watched) return watched.error();
  return offering;
}

void Offering::ready(int /*descriptor*/, std::uint32_t /*events*/) noexcept {
  // At most so many in a row, so that a flood does not hold up the rest of the service thread.
  for (std::size_t i = 0; i < Meetings::most && !resting_; ++i) {
    if (meetings_.full()) {
      rest(no_deadline);
      break;
    }
    step();
    Descriptor socket(accept4(listener_->get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket) {
      meetings_.begin(std::move(socket), [this](Meetings::Outcome) {
        if (resting_ && rests_until_ == no_deadline) go_on();
      });
    } else if (errno == EAGAIN) {
      break;
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      host_.missed(nullptr,
                   system_error(errno, "cannot let a peer in").mend("Raise the limit of open files (ulimit -n)."));
      rest(Clock::now() + breather);
    }
  }
  alarm_->set(std::min(meetings_.next_deadline(), rests_until_));
}

void Offering::rest(Deadline until) {
  logging::write(logging::Level::debug, "ipc", uri_, ": lets nobody in ",
                 until == no_deadline ? "until a handshake ends: as many as may be are under way" : "for 100 ms");
  resting_ = true;
  rests_until_ = until;
  static_cast<void>(listener_->rewatch(0));
}

void Offering::go_on() {
  const Deadline now = Clock::now();
  meetings_.end_stalled(now);
  if (resting_ && (rests_until_ == no_deadline ? !meetings_.full() : rests_until_ <= now)) {
    resting_ = false;
    rests_until_ = no_deadline;
    static_cast<void>(listener_->rewatch(EPOLLIN));
  }
  alarm_->set(std::min(meetings_.next_deadline(), rests_until_));
}

}  // namespace psyne::inline v0
