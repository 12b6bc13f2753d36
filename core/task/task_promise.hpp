#pragma once

#include <psyne/core/executor/executor.hpp>
#include <psyne/core/stop/stop_token.hpp>
#include <psyne/core/task/frame_pool.hpp>
#include <psyne/core/task/resume_gate.hpp>
#include <psyne/core/task/resumption.hpp>

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace psyne::inline v0 {

/// What the promises of all coroutines here have in common: where they run, until when, and pooled frames.
class CoroutinePromise {
 public:
  Executor& executor() const noexcept { return *executor_; }
  const StopToken& stop_token() const noexcept { return *stop_; }

  /// From the next resumption on it runs there.
  void move_to(Executor& executor) noexcept { executor_ = &executor; }

  static void* operator new(std::size_t bytes) { return take_frame(bytes); }
  static void operator delete(void* frame, std::size_t bytes) noexcept { give_back_frame(frame, bytes); }

 protected:
  CoroutinePromise() noexcept = default;
  ~CoroutinePromise() = default;

  void run_on(Executor& executor, const StopToken& stop) noexcept {
    executor_ = &executor;
    stop_ = &stop;
  }

 private:
  Executor* executor_ = nullptr;
  const StopToken* stop_ = nullptr;  // the root's, which outlives all that it awaits
};

/// The part of a task's promise that does not depend on its result: how it is begun by the one that awaits it, and how
/// that one goes on when it has ended.
class TaskPromiseState : public CoroutinePromise, private Work {
 public:
  struct AtEnd {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
      ended.promise().end();
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  AtEnd final_suspend() const noexcept { return {}; }

  /// Runs the task `own` until it first waits, or to its end; false when it has ended and its awaiter goes on at once.
  template <class Awaiting>
  bool begin(std::coroutine_handle<> own, std::coroutine_handle<Awaiting> awaiting) {
    run_on(awaiting.promise().executor(), awaiting.promise().stop_token());
    awaiting_ = awaiting;
    home_ = &awaiting.promise().executor();
    own.resume();
    return gate_.arm();  // when true the task may end, the awaiter run and this be gone already
  }

 protected:
  TaskPromiseState() noexcept
      : Work([](Work& self) noexcept { resume(static_cast<TaskPromiseState&>(self).awaiting_); }) {}
  ~TaskPromiseState() = default;

 private:
  // When the awaiter is not suspended yet, it goes on by itself, and this may be gone after trigger().
  void end() noexcept {
    if (!gate_.trigger()) return;
    if (&executor() == home_) {
      hand_over(awaiting_);
    } else {
      home_->post(*this);
    }
  }

  std::coroutine_handle<> awaiting_;
  Executor* home_ = nullptr;  // where the awaiter was suspended
  ResumeGate<> gate_;
};

/// The promise of a Task<T>.
template <class T>
class TaskPromise : public TaskPromiseState {
 public:
  auto get_return_object() noexcept { return std::coroutine_handle<TaskPromise>::from_promise(*this); }
  void unhandled_exception() noexcept { exception_ = std::current_exception(); }
  template <class Value>
    requires std::is_constructible_v<T, Value>
  void return_value(Value&& value) {
    value_.emplace(std::forward<Value>(value));
  }

  T take() {
    if (exception_ != nullptr) std::rethrow_exception(std::move(exception_));
    return std::move(*value_);
  }

 private:
  std::optional<T> value_;
  std::exception_ptr exception_;
};

template <>
class TaskPromise<void> : public TaskPromiseState {
 public:
  auto get_return_object() noexcept { return std::coroutine_handle<TaskPromise>::from_promise(*this); }
  void unhandled_exception() noexcept { exception_ = std::current_exception(); }
  void return_void() const noexcept {}

  void take() {
    if (exception_ != nullptr) std::rethrow_exception(std::move(exception_));
  }

 private:
  std::exception_ptr exception_;
};

}  // namespace psyne::inline v0
