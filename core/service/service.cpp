#include <psyne/core/executor/inline_executor.hpp>
#include <psyne/core/process/own_thread.hpp>
#include <psyne/core/service/service.hpp>

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace psyne::inline v0 {

namespace {

std::mutex process_mutex;
Service* process_service = nullptr;  // never destroyed: threads may use it until the very end of the process

std::uint64_t key(int descriptor, std::uint32_t generation) {
  return std::uint64_t{generation} << 32 | static_cast<std::uint32_t>(descriptor);
}

}  // namespace

// The child has none of our threads, and may have forked while one of them held a lock: it begins anew, and leaves the
// parent's object alone but for its descriptors. Life lines are closed by those who own them.
void Service::begin_anew() noexcept {
  new (&process_mutex) std::mutex;
  if (process_service == nullptr) return;
  process_service->epoll_.reset();
  process_service->event_.reset();
  process_service->alarm_.reset();
  process_service = nullptr;
}

Result<Service*> Service::process() {
  static const int registered = pthread_atfork(nullptr, nullptr, begin_anew);
  static_cast<void>(registered);
  const std::lock_guard lock(process_mutex);
  if (process_service != nullptr) return process_service;

  Descriptor epoll(epoll_create1(EPOLL_CLOEXEC));
  Descriptor event(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  Descriptor alarm(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  const auto watch = [&](const Descriptor& descriptor) {
    epoll_event readable{};
    readable.events = EPOLLIN;
    readable.data.u64 = key(descriptor.get(), 0);
    return epoll_ctl(epoll.get(), EPOLL_CTL_ADD, descriptor.get(), &readable) == 0;
  };
  if (!epoll || !event || !alarm || !watch(event) || !watch(alarm)) {
    return system_error(errno, "cannot start psyne's service thread")
        .mend("Raise the limit of open files (ulimit -n).");
  }
  std::unique_ptr<Service> service(new Service(std::move(epoll), std::move(event), std::move(alarm)));
  auto thread = start_own_thread("psyne-service", [raw = service.get()] { raw->loop(); });
  if (!thread) return thread.error();
  service->thread_ = std::move(*thread);
  process_service = service.release();
  return process_service;
}

Service::Service(Descriptor epoll, Descriptor event, Descriptor alarm) noexcept
    : epoll_(std::move(epoll)), event_(std::move(event)), alarm_(std::move(alarm)) {}

Result<void> Service::watch(int descriptor, std::uint32_t events, Watcher& watcher) {
  const std::lock_guard lock(mutex_);
  const std::uint32_t generation = ++generations_;
  epoll_event event{};
  event.events = events;
  event.data.u64 = key(descriptor, generation);
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event) != 0) {
    return system_error(errno, "cannot watch a descriptor");
  }
  watches_[descriptor] = {.watcher = &watcher, .generation = generation};
  return {};
}

Result<void> Service::rewatch(int descriptor, std::uint32_t events) noexcept {
  const std::lock_guard lock(mutex_);
  const auto found = watches_.find(descriptor);
  if (found == watches_.end()) return Code::not_found;
  epoll_event event{};
  event.events = events;
  event.data.u64 = key(descriptor, found->second.generation);
  const int change = found->second.suspended ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  if (epoll_ctl(epoll_.get(), change, descriptor, &event) != 0) {
    return system_error(errno, "cannot watch a descriptor");
  }
  found->second.suspended = false;
  return {};
}

void Service::suspend(int descriptor) noexcept {
  const std::lock_guard lock(mutex_);
  const auto found = watches_.find(descriptor);
  if (found == watches_.end() || std::exchange(found->second.suspended, true)) return;
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, descriptor, nullptr);
}

void Service::unwatch(int descriptor) noexcept {
  std::unique_lock lock(mutex_);
  if (watches_.erase(descriptor) == 0) return;
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, descriptor, nullptr);
  if (!here()) idle_.wait(lock, [&] { return calling_ != descriptor; });
}

void Service::post(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(work));
  }
  const std::uint64_t one = 1;
  static_cast<void>(!::write(event_.get(), &one, sizeof one));
}

void Service::run(const std::function<void()>& work) {
  if (here()) return work();
  bool done = false;  // guarded by mutex_
  post([&] {
    work();
    const std::lock_guard lock(mutex_);
    done = true;
    idle_.notify_all();
  });
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [&] { return done; });
}

void Service::start(Timer& timer, Deadline deadline) noexcept {
  if (timers_.add(timer, deadline) && !here()) {
    const std::uint64_t one = 1;
    static_cast<void>(!::write(event_.get(), &one, sizeof one));
  }
}

bool Service::cancel(Timer& timer) noexcept {
  if (epoch_ != fork_epoch()) return false;  // the parent's: in this process it never fires
  if (timers_.cancel(timer)) return true;
  if (!here()) {
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [&] { return !timers_.posting(timer); });
  }
  return false;
}

// Who cancels a timer waits for its own work alone: it may hold what the work of another one wants.
void Service::expire() noexcept {
  timers_.expire(Clock::now(), [this] {
    const std::lock_guard lock(mutex_);
    idle_.notify_all();
  });
}

// Setting it also ends its being readable.
void Service::set_alarm(Deadline deadline) noexcept {
  if (deadline == alarm_at_) return;
  alarm_at_ = deadline;
  itimerspec alarm{};
  if (deadline != no_deadline) {
    // Not zero, which would be no alarm; one that has passed rings at once.
    const auto since = std::max(deadline.time_since_epoch(), Clock::duration(1));
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since);
    alarm.it_value = {.tv_sec = seconds.count(),
                      .tv_nsec = std::chrono::duration_cast<std::chrono::nanoseconds>(since - seconds).count()};
  }
  timerfd_settime(alarm_.get(), TFD_TIMER_ABSTIME, &alarm, nullptr);
}

Result<Service*> Service::with_callbacks() {
  auto service = process();
  if (!service) return service;
  if (auto started = (*service)->callbacks_.start("psyne-callbacks"); !started) return started.error();
  return service;
}

void Service::loop() noexcept {
  const NothingInline guard(callbacks_);
  std::array<epoll_event, 64> events{};
  for (;;) {
    set_alarm(timers_.next_deadline());
    const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
    expire();
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      const int descriptor = static_cast<int>(event.data.u64 & 0xffffffffU);
      if (descriptor == event_.get()) {
        run_posted();
      } else if (descriptor != alarm_.get()) {
        dispatch(descriptor, static_cast<std::uint32_t>(event.data.u64 >> 32), event.events);
      }
    }
  }
}

void Service::dispatch(int descriptor, std::uint32_t generation, std::uint32_t events) noexcept {
  Watcher* watcher = nullptr;
  {
    const std::lock_guard lock(mutex_);
    const auto found = watches_.find(descriptor);
    if (found == watches_.end() || found->second.generation != generation) return;
    watcher = found->second.watcher;
    calling_ = descriptor;
  }
  watcher->ready(descriptor, events);
  const std::lock_guard lock(mutex_);
  calling_ = -1;
  idle_.notify_all();
}

void Service::run_posted() noexcept {
  std::uint64_t rings = 0;
  static_cast<void>(!::read(event_.get(), &rings, sizeof rings));
  for (;;) {
    std::function<void()> work;
    {
      const std::lock_guard lock(mutex_);
      if (posted_.empty()) return;
      work = std::move(posted_.front());
      posted_.pop_front();
    }
    work();
  }
}

}  // namespace psyne::inline v0
