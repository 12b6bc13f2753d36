#pragma once

#include <psyne/core/completion/completer.hpp>
#include <psyne/core/completion/completion.hpp>
#include <psyne/core/executor/executor.hpp>
#include <psyne/core/result/result.hpp>
#include <psyne/core/task/root_coroutine.hpp>
#include <psyne/core/task/task.hpp>

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace psyne::inline v0 {

/// What the Completion of a Task<T> gives: T, and X for Result<X>, whose error is the operation's.
template <class T>
struct TaskValue {
  using type = T;
};
template <class T>
struct TaskValue<Result<T>> {
  using type = T;
};

namespace task {

template <class T>
RootCoroutine complete(Task<T> task, Completer<typename TaskValue<T>::type> completer) {
  std::optional<Result<typename TaskValue<T>::type>> result;
  std::exception_ptr thrown;
  try {
    Task<T> own = std::move(task);  // its frame, and what that refers to, is gone before anybody hears of its end
    if constexpr (std::is_void_v<T>) {
      co_await std::move(own);
      result.emplace();
    } else {
      result.emplace(co_await std::move(own));
    }
  } catch (...) {
    thrown = std::current_exception();
  }
  if (thrown != nullptr) {
    completer.fail(std::move(thrown));
  } else {
    completer.complete(std::move(*result));
  }
}

}  // namespace task

/// Has `task` run on `executor`, and gives a reference to its result: a value, an error if it returns a Result, or what
/// it threw. Cancelling it stops the task's stop token, as do the options' token and deadline. The reference may be
/// dropped; the task runs on.
template <class T>
Completion<typename TaskValue<T>::type> start(Executor& executor, Task<T> task, OperationOptions options = {}) {
  Completer<typename TaskValue<T>::type> completer(std::move(options));
  auto completion = completer.completion();
  const StopToken stop = completer.stop_token();
  task::complete(std::move(task), std::move(completer)).begin(executor, stop);
  return completion;
}

}  // namespace psyne::inline v0
