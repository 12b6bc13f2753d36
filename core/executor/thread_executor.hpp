#pragma once

#include <psyne/core/executor/executor.hpp>
#include <psyne/core/executor/manual_executor.hpp>
#include <psyne/core/result/result.hpp>

#include <atomic>
#include <mutex>
#include <thread>

namespace psyne::inline v0 {

/// Runs work on one thread of its own, in the order in which it was posted; the thread sleeps while there is none.
///
///   post, start   any thread
///
/// What is posted before start() waits for it. The destructor runs what is left and ends the thread; not from within
/// work that runs here.
class ThreadExecutor final : public Executor {
 public:
  ThreadExecutor() noexcept = default;
  ~ThreadExecutor() override;
  ThreadExecutor(const ThreadExecutor&) = delete;
  ThreadExecutor& operator=(const ThreadExecutor&) = delete;

  /// Starts the thread; nothing when it has been started. `name`: 15 characters at most. Errors: exhausted.
  Result<void> start(const char* name = "psyne-executor");

  void post(Work& work) noexcept override { queue_.post(work); }

 private:
  ManualExecutor queue_;
  std::atomic<bool> ending_{false};
  std::mutex mutex_;  // guards thread_
  std::thread thread_;
};

}  // namespace psyne::inline v0
