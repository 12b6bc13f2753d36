#pragma once

#include <psyne/core/atomics/short_lock.hpp>
#include <psyne/core/executor/executor.hpp>
#include <psyne/core/park/parker.hpp>
#include <psyne/core/stop/stop_token.hpp>
#include <psyne/core/stop/wait_or_stop.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace psyne::inline v0 {

/// Keeps work until somebody runs it: the event loop of a thread, or a test that decides when things happen.
///
///   post, wake          any thread
///   run_one, run_all    any thread
///   run_until           one thread at a time; sleeps while there is nothing to do
///
/// Work runs in the order in which it was posted. The destructor runs what is left, so nothing that was posted is lost;
/// whoever posts must have begun to do so before.
class ManualExecutor final : public Executor {
 public:
  ManualExecutor() noexcept = default;
  ~ManualExecutor() override {
    run_all();
    // Work may be run, and this be done with, while the one who posted it is still on his way out of post().
    while (posting_.load(std::memory_order_acquire) != 0) StandardAtomics::yield();
  }
  ManualExecutor(const ManualExecutor&) = delete;
  ManualExecutor& operator=(const ManualExecutor&) = delete;

  void post(Work& work) noexcept override {
    posting_.fetch_add(1, std::memory_order_relaxed);
    {
      const std::lock_guard guard(lock_);
      queue_.push(work);
      waiting_.store(true, std::memory_order_relaxed);
    }
    parker_.wake();
    posting_.fetch_sub(1, std::memory_order_release);
  }

  /// Runs the first that waits; false when none does.
  bool run_one() noexcept {
    Work* work = take();
    if (work == nullptr) return false;
    work->run(*work);
    return true;
  }

  /// Runs until none waits, those included that come meanwhile, and says how many they were.
  std::size_t run_all() noexcept {
    std::size_t count = 0;
    while (run_one()) ++count;
    return count;
  }

  /// Runs work as it comes until `ready()`, a stop or the deadline. What makes `ready()` true is work run here, or
  /// something followed by wake().
  template <class Ready>
  WaitEnd run_until(Ready&& ready, Deadline deadline = no_deadline, const StopToken& stop = {}) {
    for (;;) {
      if (ready()) return WaitEnd::ready;
      if (stop.stop_requested()) return WaitEnd::stopped;
      if (deadline != no_deadline && StandardAtomics::now() >= deadline) return WaitEnd::timed_out;
      if (run_one()) continue;
      const auto look = [&] { return waiting_.load(std::memory_order_relaxed) || ready(); };
      static_cast<void>(wait_or_stop(parker_, look, deadline, stop));
    }
  }

  /// Makes run_until() look at its condition again.
  void wake() noexcept { parker_.wake(); }

 private:
  Work* take() noexcept {
    if (!waiting_.load(std::memory_order_relaxed)) return nullptr;
    const std::lock_guard guard(lock_);
    Work* work = queue_.pop();
    waiting_.store(!queue_.empty(), std::memory_order_relaxed);
    return work;
  }

  ShortLock<> lock_;  // guards queue_
  WorkQueue queue_;
  std::atomic<bool> waiting_{false};  // whether queue_ holds something; written under the lock
  std::atomic<std::uint32_t> posting_{0};
  Parker<> parker_;
};

}  // namespace psyne::inline v0
