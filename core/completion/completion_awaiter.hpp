#pragma once

#include <psyne/core/executor/executor.hpp>
#include <psyne/core/result/error.hpp>
#include <psyne/core/service/deadline_callback.hpp>
#include <psyne/core/stop/stop_callback.hpp>
#include <psyne/core/stop/stop_token.hpp>
#include <psyne/core/stop/subscribers.hpp>
#include <psyne/core/task/resume_gate.hpp>
#include <psyne/core/task/resumption.hpp>
#include <psyne/core/task/runs_on_executor.hpp>

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace psyne::inline v0 {

/// Suspends one coroutine until an operation has finished or its token stops; lives in the coroutine's frame.
///
/// The end of the operation and the stop may come together, from two threads, even before await_suspend() is through;
/// a ResumeGate lets exactly one of them, or await_suspend() itself, go on with the coroutine. A token's deadline is a
/// timer of the service thread.
template <class Handle>
class CompletionAwaiter : private EventSubscriber, private Work {
 public:
  explicit CompletionAwaiter(Handle handle) noexcept
      : EventSubscriber([](EventSubscriber& self) noexcept { static_cast<CompletionAwaiter&>(self).trigger(); }),
        Work([](Work& self) noexcept { resume(static_cast<CompletionAwaiter&>(self).coroutine_); }),
        handle_(std::move(handle)) {}
  CompletionAwaiter(const CompletionAwaiter&) = delete;
  CompletionAwaiter& operator=(const CompletionAwaiter&) = delete;

  bool await_ready() const noexcept { return !handle_ || handle_.test(); }

  template <RunsOnExecutor Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    return suspend(coroutine, coroutine.promise().executor(), coroutine.promise().stop_token());
  }

  auto await_resume() {
    on_stop_.reset();
    on_deadline_.reset();
    if (subscribed_) handle_.state()->unsubscribe(*this);
    using Taken = decltype(handle_.state()->take());
    if (!handle_) return Taken(handle_.wait().error());
    if (!handle_.test()) return Taken(failed_ ? *failed_ : stop_.error(handle_.state()->what()));
    if (handle_.state()->exception() != nullptr) std::rethrow_exception(handle_.state()->exception());
    return handle_.state()->take();
  }

 protected:
  bool suspend(std::coroutine_handle<> coroutine, Executor& executor, StopToken stop) {
    coroutine_ = coroutine;
    executor_ = &executor;
    if (!handle_.state()->subscribe(*this)) return false;
    subscribed_ = true;
    stop_ = std::move(stop);
    if (stop_.stop_possible()) on_stop_.emplace(stop_, Trigger{this});
    if (stop_.deadline() != no_deadline) {
      if (auto service = Service::with_callbacks()) {
        on_deadline_.emplace(**service, stop_.deadline(), Trigger{this});
      } else {
        failed_ = service.error();
        trigger();
      }
    }
    return gate_.arm();  // when true the coroutine may run, and this be gone, already
  }

 private:
  struct Trigger {
    CompletionAwaiter* own;
    void operator()() const noexcept { own->trigger(); }
  };

  void trigger() noexcept {
    if (gate_.trigger()) executor_->post(*this);
  }

  Handle handle_;
  Executor* executor_ = nullptr;
  StopToken stop_;
  std::coroutine_handle<> coroutine_;
  ResumeGate<> gate_;
  bool subscribed_ = false;
  std::optional<StopCallback<Trigger>> on_stop_;
  std::optional<DeadlineCallback<Trigger>> on_deadline_;
  std::optional<Error> failed_;  // the deadline cannot be watched
};

/// The same for a coroutine of any kind, resumed on an executor that is named.
template <class Handle>
class CompletionAwaiterOn : public CompletionAwaiter<Handle> {
 public:
  CompletionAwaiterOn(Handle handle, Executor& executor, StopToken stop) noexcept
      : CompletionAwaiter<Handle>(std::move(handle)), where_(&executor), until_(std::move(stop)) {}

  bool await_suspend(std::coroutine_handle<> coroutine) { return this->suspend(coroutine, *where_, std::move(until_)); }

 private:
  Executor* where_;
  StopToken until_;
};

}  // namespace psyne::inline v0
