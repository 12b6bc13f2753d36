#include <psyne/core/executor/thread_executor.hpp>
#include <psyne/core/process/own_thread.hpp>

#include <utility>

namespace psyne::inline v0 {

ThreadExecutor::~ThreadExecutor() {
  ending_.store(true, std::memory_order_relaxed);
  queue_.wake();
  if (thread_.joinable()) thread_.join();
}

Result<void> ThreadExecutor::start(const char* name) {
  const std::lock_guard lock(mutex_);
  if (thread_.joinable()) return {};
  auto thread = start_own_thread(name, [this] {
    static_cast<void>(queue_.run_until([this] { return ending_.load(std::memory_order_relaxed); }));
    queue_.run_all();
  });
  if (!thread) return thread.error();
  thread_ = std::move(*thread);
  return {};
}

}  // namespace psyne::inline v0
