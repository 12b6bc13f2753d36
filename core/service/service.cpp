#include <psyne/core/service/service.hpp>

#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
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
  process_service = nullptr;
}

Result<Service*> Service::process() {
  static const int registered = pthread_atfork(nullptr, nullptr, begin_anew);
  static_cast<void>(registered);
  const std::lock_guard lock(process_mutex);
  if (process_service != nullptr) return process_service;

  Descriptor epoll(epoll_create1(EPOLL_CLOEXEC));
  Descriptor event(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  epoll_event readable{};
  readable.events = EPOLLIN;
  readable.data.u64 = key(event.get(), 0);
  if (!epoll || !event || epoll_ctl(epoll.get(), EPOLL_CTL_ADD, event.get(), &readable) != 0) {
    return system_error(errno, "cannot start psyne's service thread")
        .mend("Raise the limit of open files (ulimit -n).");
  }
  std::unique_ptr<Service> service(new Service(std::move(epoll), std::move(event)));
  // Signals belong to the program's threads.
  sigset_t all{}, before{};
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    service->thread_ = std::thread([raw = service.get()] { raw->loop(); });
  } catch (const std::system_error& failure) {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return system_error(failure.code().value(), "cannot start psyne's service thread")
        .mend("Raise the limit of threads (ulimit -u).");
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_setname_np(service->thread_.native_handle(), "psyne-service");
  process_service = service.release();
  return process_service;
}

Service::Service(Descriptor epoll, Descriptor event) noexcept : epoll_(std::move(epoll)), event_(std::move(event)) {}

Result<void> Service::watch(int descriptor, std::uint32_t events, Watcher& watcher) {
  const std::lock_guard lock(mutex_);
  const std::uint32_t generation = ++generations_;
  epoll_event event{};
  event.events = events;
  event.data.u64 = key(descriptor, generation);
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event) != 0) {
    return system_error(errno, "cannot watch a descriptor");
  }
  watches_[descriptor] = {&watcher, generation};
  return {};
}

Result<void> Service::rewatch(int descriptor, std::uint32_t events) noexcept {
  const std::lock_guard lock(mutex_);
  const auto found = watches_.find(descriptor);
  if (found == watches_.end()) return Code::not_found;
  epoll_event event{};
  event.events = events;
  event.data.u64 = key(descriptor, found->second.generation);
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, descriptor, &event) != 0) {
    return system_error(errno, "cannot watch a descriptor");
  }
  return {};
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

void Service::loop() noexcept {
  std::array<epoll_event, 64> events{};
  for (;;) {
    const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      const int descriptor = static_cast<int>(event.data.u64 & 0xffffffffU);
      if (descriptor == event_.get()) {
        run_posted();
      } else {
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
