#pragma once

#include <psyne/core/executor/thread_executor.hpp>
#include <psyne/core/process/fork_epoch.hpp>
#include <psyne/core/result/result.hpp>
#include <psyne/core/timer/timer_queue.hpp>
#include <psyne/core/transport/descriptor.hpp>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>

namespace psyne::inline v0 {

/// The one service thread of a process: sleeps in epoll for life lines, accepts, handshakes, directory changes and
/// timers, and runs what was posted to it. It never does work that a waiting thread could do itself.
///
/// It never runs user code: what would run inline on it (a callback given without an executor) goes to callbacks(),
/// whose thread with_callbacks() starts.
///
/// Started on first use, and anew on first use in a forked child; never ended, so it may be used during static
/// destruction. All members are thread safe.
class Service {
 public:
  /// Called on the service thread. Must not block, and must not destroy itself: unwatch first.
  class Watcher {
   public:
    virtual ~Watcher() = default;
    /// `events`: those of epoll that came true.
    virtual void ready(int descriptor, std::uint32_t events) noexcept = 0;
  };

  /// Errors: exhausted (descriptors, threads).
  static Result<Service*> process();

  /// Calls `watcher` whenever one of `events` (EPOLLIN, ...; EPOLLHUP always) is true of `descriptor`, until unwatch.
  Result<void> watch(int descriptor, std::uint32_t events, Watcher& watcher);
  /// Changes the events of a watched descriptor. Errors: not_found; after suspend(): exhausted.
  Result<void> rewatch(int descriptor, std::uint32_t events) noexcept;
  /// Nothing is told of it, not even EPOLLHUP, until rewatch(): so its traffic does not pay for being watched.
  void suspend(int descriptor) noexcept;
  /// Ends it; call it before the descriptor is closed. When it returns, no call into the watcher for this descriptor is
  /// under way, save one that this very call comes from.
  void unwatch(int descriptor) noexcept;

  /// Runs `work` on the service thread, soon, after what was posted before it.
  void post(std::function<void()> work);
  /// Runs `work` on the service thread and returns when it is done; directly where the caller is that thread.
  void run(const std::function<void()>& work);

  /// Has `timer` post its work at `deadline`. It must wait in no queue.
  void start(Timer& timer, Deadline deadline) noexcept;
  /// True when `timer` was waiting and now never fires. False when it was not: what it posted to executor() has been
  /// run then, unless this is called from there; what it posted to another executor may be still to run.
  bool cancel(Timer& timer) noexcept;
  /// For timers of psyne's own: runs their work at once on the service thread. It must do no more than wake, complete
  /// or post.
  Executor& executor() noexcept { return at_once_; }

  /// The same, for whatever has the service thread end something that users wait for. Errors: exhausted.
  static Result<Service*> with_callbacks();
  /// Where users' callbacks run that were given no executor: one thread, in the order in which they came.
  Executor& callbacks() noexcept { return callbacks_; }

  bool here() const noexcept { return std::this_thread::get_id() == thread_.get_id(); }

 private:
  Service(Descriptor epoll, Descriptor event, Descriptor alarm) noexcept;
  static void begin_anew() noexcept;
  void loop() noexcept;
  void dispatch(int descriptor, std::uint32_t generation, std::uint32_t events) noexcept;
  void run_posted() noexcept;

  void expire() noexcept;
  void set_alarm(Deadline deadline) noexcept;

  class AtOnce final : public Executor {
   public:
    void post(Work& work) noexcept override { work.run(work); }
  };

  struct Watch {
    Watcher* watcher = nullptr;
    std::uint32_t generation =
        0;  // a descriptor number is used again at once after close; its stale events are not ours
    bool suspended = false;
  };

  Descriptor epoll_;
  Descriptor event_;
  Descriptor alarm_;                 // a timerfd
  Deadline alarm_at_ = no_deadline;  // the service thread's
  std::mutex mutex_;
  std::condition_variable idle_;
  std::unordered_map<int, Watch> watches_;
  std::deque<std::function<void()>> posted_;
  int calling_ = -1;  // the descriptor whose watcher runs now
  std::uint32_t generations_ = 0;
  TimerQueue<> timers_;
  AtOnce at_once_;
  ThreadExecutor callbacks_;
  const std::uint32_t epoch_ = fork_epoch();
  std::thread thread_;  // never joined: it lives as long as the process
};

}  // namespace psyne::inline v0
