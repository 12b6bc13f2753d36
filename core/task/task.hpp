#pragma once

#include <psyne/core/task/runs_on_executor.hpp>
#include <psyne/core/task/task_promise.hpp>

#include <coroutine>
#include <type_traits>
#include <utility>

namespace psyne::inline v0 {

/// A coroutine that gives a T, once, to the one that awaits it: `T value = co_await task(...)`.
///
/// Lazy: it begins when it is awaited, given to start(), or to sync_wait(). It runs on the executor of its awaiter, and
/// each time it waits for something it is resumed there; so is the awaiter when the task has ended, wherever that was.
/// Exceptions go to the awaiter. Awaiting what does not wait costs no suspension and no stack, however often.
/// Its frame comes from the thread's pool. The stop token of the root is reached by `co_await current_stop_token()`;
/// the wait for a Completion ends by itself when it stops.
///
/// Thread safety: as a value. One that has begun must run to its end, so do not drop the executor before.
template <class T = void>
class [[nodiscard]] Task {
  static_assert(!std::is_reference_v<T>, "give a pointer or a std::reference_wrapper");

 public:
  using promise_type = TaskPromise<T>;

  Task(std::coroutine_handle<promise_type> own) noexcept  // NOLINT(google-explicit-constructor): get_return_object
      : own_(own) {}
  Task(Task&& other) noexcept : own_(std::exchange(other.own_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      if (own_) own_.destroy();
      own_ = std::exchange(other.own_, nullptr);
    }
    return *this;
  }
  ~Task() {
    if (own_) own_.destroy();
  }

  class Awaiter {
   public:
    explicit Awaiter(std::coroutine_handle<promise_type> task) noexcept : task_(task) {}
    bool await_ready() const noexcept { return false; }
    template <RunsOnExecutor Awaiting>
    bool await_suspend(std::coroutine_handle<Awaiting> awaiting) {
      return task_.promise().begin(task_, awaiting);
    }
    T await_resume() { return task_.promise().take(); }

   private:
    std::coroutine_handle<promise_type> task_;
  };
  Awaiter operator co_await() && noexcept { return Awaiter(own_); }

 private:
  std::coroutine_handle<promise_type> own_;
};

}  // namespace psyne::inline v0
