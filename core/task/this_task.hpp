#pragma once

#include <psyne/core/executor/executor.hpp>
#include <psyne/core/stop/stop_token.hpp>
#include <psyne/core/task/resumption.hpp>
#include <psyne/core/task/runs_on_executor.hpp>

#include <coroutine>

namespace psyne::inline v0 {

/// `co_await current_stop_token()` in a task: the token by which it is stopped, valid to the task's end. Never waits.
class [[nodiscard]] current_stop_token {  // NOLINT(readability-identifier-naming): reads as the function that it
                                          // replaces
 public:
  bool await_ready() const noexcept { return false; }
  template <RunsOnExecutor Promise>
  bool await_suspend(std::coroutine_handle<Promise> own) noexcept {
    token_ = &own.promise().stop_token();
    return false;
  }
  const StopToken& await_resume() const noexcept { return *token_; }

 private:
  const StopToken* token_ = nullptr;
};

/// `co_await current_executor()` in a task: where it runs. Never waits.
class [[nodiscard]] current_executor {  // NOLINT(readability-identifier-naming)
 public:
  bool await_ready() const noexcept { return false; }
  template <RunsOnExecutor Promise>
  bool await_suspend(std::coroutine_handle<Promise> own) noexcept {
    executor_ = &own.promise().executor();
    return false;
  }
  Executor& await_resume() const noexcept { return *executor_; }

 private:
  Executor* executor_ = nullptr;
};

/// `co_await resume_on(executor)` in a task: it goes on there, and stays there until its end, when whoever awaits it
/// goes on where he was. On its own executor it gives way to what waits there.
class [[nodiscard]] resume_on : private Work {  // NOLINT(readability-identifier-naming)
 public:
  explicit resume_on(Executor& where) noexcept
      : Work([](Work& self) noexcept { resume(static_cast<resume_on&>(self).own_); }), where_(&where) {}
  bool await_ready() const noexcept { return false; }
  template <RunsOnExecutor Promise>
  void await_suspend(std::coroutine_handle<Promise> own) noexcept {
    own_ = own;
    own.promise().move_to(*where_);
    where_->post(*this);  // from here on the coroutine may run, and this be gone
  }
  void await_resume() const noexcept {}

 private:
  Executor* where_;
  std::coroutine_handle<> own_;
};

}  // namespace psyne::inline v0
