#include <psyne/core/service/alarm.hpp>

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>

namespace psyne::inline v0 {

Result<std::unique_ptr<Alarm>> Alarm::make(std::function<void()> rings) {
  Descriptor timer(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  if (!timer) return system_error(errno, "cannot make a timer").mend("Raise the limit of open files (ulimit -n).");
  std::unique_ptr<Alarm> alarm(new Alarm(std::move(timer), std::move(rings)));
  if (auto watched = alarm->line_.watch(EPOLLIN, *alarm); !watched) return watched.error();
  return alarm;
}

void Alarm::set(Deadline when) noexcept {
  itimerspec at{};  // all zero is never
  if (when != no_deadline) {
    const auto since = std::max(when.time_since_epoch(), Clock::duration(1));  // steady_clock is CLOCK_MONOTONIC
    at.it_value.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(since).count();
    at.it_value.tv_nsec = (since % std::chrono::seconds(1)).count();
  }
  timerfd_settime(line_.get(), TFD_TIMER_ABSTIME, &at, nullptr);
}

void Alarm::ready(int descriptor, std::uint32_t /*events*/) noexcept {
  std::uint64_t times = 0;
  if (read(descriptor, &times, sizeof times) == sizeof times) rings_();
}

}  // namespace psyne::inline v0
