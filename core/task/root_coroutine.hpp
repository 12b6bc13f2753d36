#pragma once

#include <psyne/core/executor/executor.hpp>
#include <psyne/core/stop/stop_token.hpp>
#include <psyne/core/task/resumption.hpp>
#include <psyne/core/task/task_promise.hpp>

#include <coroutine>
#include <exception>
#include <utility>

namespace psyne::inline v0 {

/// The coroutine at the top of a chain of tasks: awaited by nobody, it owns itself and destroys itself at its end. It
/// keeps the executor and the stop token that all below it go by. Its body must not throw.
class RootCoroutine {
 public:
  class promise_type  // NOLINT(readability-identifier-naming): the language's name for it
      : public CoroutinePromise,
        private Work {
   public:
    promise_type() noexcept
        : Work([](Work& self) noexcept {
            auto& promise = static_cast<promise_type&>(self);
            resume(std::coroutine_handle<promise_type>::from_promise(promise));
          }) {}

    RootCoroutine get_return_object() noexcept { return RootCoroutine(*this); }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }

   private:
    friend class RootCoroutine;
    StopToken own_stop_;
  };

  /// Has it begin on `executor`. Exactly once; from then on it may be gone.
  void begin(Executor& executor, StopToken stop) noexcept {
    promise_->own_stop_ = std::move(stop);
    promise_->run_on(executor, promise_->own_stop_);
    executor.post(*promise_);
  }

 private:
  explicit RootCoroutine(promise_type& promise) noexcept : promise_(&promise) {}
  promise_type* promise_;
};

}  // namespace psyne::inline v0
