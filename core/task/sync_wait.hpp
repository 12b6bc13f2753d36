#pragma once

#include <psyne/core/executor/manual_executor.hpp>
#include <psyne/core/stop/stop_token.hpp>
#include <psyne/core/task/root_coroutine.hpp>
#include <psyne/core/task/task.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace psyne::inline v0 {

namespace task {

// Ends on the loop's own thread, because that is where it awaits, so a plain flag will do.
template <class T>
RootCoroutine keep(Task<T> task, std::optional<T>& value, std::exception_ptr& thrown, bool& done) {
  try {
    Task<T> own = std::move(task);
    value.emplace(co_await std::move(own));
  } catch (...) {
    thrown = std::current_exception();
  }
  done = true;
}

inline RootCoroutine keep(Task<void> task, std::exception_ptr& thrown, bool& done) {
  try {
    Task<void> own = std::move(task);
    co_await std::move(own);
  } catch (...) {
    thrown = std::current_exception();
  }
  done = true;
}

}  // namespace task

/// Runs `task` on the calling thread to its end and gives what it returns, or rethrows what it throws. The thread
/// sleeps while the task waits. `stop` is the task's stop token; sync_wait itself ends only with the task.
template <class T>
T sync_wait(Task<T> task, StopToken stop = {}) {
  ManualExecutor loop;
  std::exception_ptr thrown;
  bool done = false;
  const auto run = [&](RootCoroutine root) {
    root.begin(loop, std::move(stop));
    static_cast<void>(loop.run_until([&] { return done; }));
    if (thrown != nullptr) std::rethrow_exception(std::move(thrown));
  };
  if constexpr (std::is_void_v<T>) {
    run(task::keep(std::move(task), thrown, done));
  } else {
    std::optional<T> value;
    run(task::keep(std::move(task), value, thrown, done));
    return std::move(*value);
  }
}

}  // namespace psyne::inline v0
