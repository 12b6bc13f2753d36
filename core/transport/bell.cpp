#include <psyne/core/park/blocking_observer.hpp>
#include <psyne/core/park/time_left.hpp>
#include <psyne/core/transport/bell.hpp>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <utility>

namespace psyne::inline v0 {

Bell::Bell(Descriptor epoll, Descriptor event) noexcept : epoll_(std::move(epoll)), event_(std::move(event)) {}

Result<std::unique_ptr<Bell>> Bell::make() {
  Descriptor epoll(epoll_create1(EPOLL_CLOEXEC));
  Descriptor event(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!epoll || !event) {
    return system_error(errno, "cannot make what an end of a channel sleeps on")
        .mend("Raise the limit of open files (ulimit -n).");
  }
  std::unique_ptr<Bell> bell(new Bell(std::move(epoll), std::move(event)));
  if (auto watched = bell->watch(bell->event_.get()); !watched) return watched.error();
  return bell;
}

void Bell::ring() noexcept {
  rung_.store(true, std::memory_order_release);  // what came before the ring is seen by whoever takes it
  const std::uint64_t one = 1;
  // Fails only when 2^64 - 2 rings are pending, and then the sleeper wakes anyway.
  static_cast<void>(!::write(event_.get(), &one, sizeof one));
}

void Bell::clear() noexcept {
  std::uint64_t rings = 0;
  static_cast<void>(!::read(event_.get(), &rings, sizeof rings));
}

Sleep Bell::sleep(Deadline deadline) noexcept {
  const timespec left = deadline == no_deadline ? timespec{} : time_left(deadline);
  std::array<epoll_event, 8> events{};
  const Blocking blocking;
  const int ready = epoll_pwait2(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                 deadline == no_deadline ? nullptr : &left, nullptr);
  // Who was woken by a link saves himself a system call; a ring that hides behind eight links wakes once more.
  const bool rung = std::any_of(events.data(), events.data() + std::max(ready, 0),
                                [this](const epoll_event& event) { return event.data.fd == event_.get(); });
  if (rung) clear();
  return ready == 0 ? Sleep::timed_out : Sleep::woken;  // an interrupted sleep (EINTR) is a wake for no reason
}

Result<void> Bell::watch(int descriptor) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLRDHUP;
  event.data.fd = descriptor;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event) != 0) {
    return system_error(errno, "cannot watch a descriptor");
  }
  return {};
}

void Bell::unwatch(int descriptor) noexcept { epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, descriptor, nullptr); }

}  // namespace psyne::inline v0
