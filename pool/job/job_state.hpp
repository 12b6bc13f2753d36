#pragma once

#include <psyne/core/completion/result_state.hpp>
#include <psyne/core/result/result.hpp>
#include <psyne/core/stop/stop_token.hpp>
#include <psyne/pool/job/job_record.hpp>
#include <psyne/pool/memory/job_memory.hpp>

#include <concepts>
#include <cstddef>
#include <exception>
#include <new>
#include <string>
#include <type_traits>
#include <utility>

namespace psyne::inline v0 {

/// What a job's callable is called with, and so what it gives: its stop token, if it takes one.
template <class Callable>
concept TakesStopToken = std::invocable<Callable&, StopToken>;

template <class Callable>
struct JobResult {
  using type = std::invoke_result_t<Callable&>;
};
template <TakesStopToken Callable>
struct JobResult<Callable> {
  using type = std::invoke_result_t<Callable&, StopToken>;
};

/// A Result<U> that a callable returns is the job's own result, not a value of it.
template <class Returned>
struct JobValue {
  using type = std::decay_t<Returned>;
};
template <class Value>
struct JobValue<Result<Value>> {
  using type = Value;
};
/// A Code or an Error that a callable returns would be taken for the job's failure: it returns a Result then.
template <class Value>
concept JobOutput = !std::same_as<Value, Code> && !std::same_as<Value, Error>;

template <class Callable>
using JobValueOf = typename JobValue<typename JobResult<Callable>::type>::type;

/// A job with its result; the callable lies in SubmittedJob.
template <class T>
class JobState : public ResultState<T>, public JobRecord {
 public:
  WaitEnd wait(Deadline deadline, const StopToken& stop, const Patience& patience = {}) override {
    if (run_for_waiter() || this->finished()) return WaitEnd::ready;
    if (waiter_is_inside()) return wait_inside(*this, deadline, stop);
    return ResultState<T>::wait(deadline, stop, patience);
  }
  std::string what() const override { return JobRecord::what("cannot wait for"); }

 protected:
  using JobRecord::JobRecord;
  ~JobState() override = default;

  void cancel_requested(StopReason reason, std::string text) override { JobRecord::cancel(reason, std::move(text)); }
  void keep() noexcept override { this->retain(); }
  void let_go() noexcept override { this->release(); }
};

/// The job of one callable: called once at most, destroyed before the job completes.
template <class Callable>
class SubmittedJob final : public JobState<JobValueOf<Callable>> {
  static_assert(JobOutput<JobValueOf<Callable>>, "return a Result in place of a Code or an Error");
  using Value = JobValueOf<Callable>;
  using Returned = typename JobResult<Callable>::type;

 public:
  SubmittedJob(PoolState& pool, JobOptions options, auto&& callable)
      : JobState<Value>(pool, std::move(options)), held(std::forward<decltype(callable)>(callable)) {}
  ~SubmittedJob() override {}

  static void* operator new(std::size_t bytes) { return take_job_memory(bytes); }
  static void operator delete(void* memory, std::size_t bytes) noexcept { give_back_job_memory(memory, bytes); }

 private:
  Returned invoke() {
    if constexpr (TakesStopToken<Callable>) {
      return held(this->context().token());
    } else {
      return held();
    }
  }

  void call() noexcept override {
    std::exception_ptr thrown;
    try {
      if constexpr (std::is_void_v<Returned>) {
        invoke();
        finish({});
      } else {
        finish(typename ResultState<Value>::Outcome(invoke()));
      }
      return;
    } catch (...) {
      thrown = std::current_exception();
    }
    held.~Callable();
    this->called();
    this->fail(std::move(thrown));
  }

  void finish(typename ResultState<Value>::Outcome&& outcome) noexcept {
    held.~Callable();
    this->called();
    this->complete(std::move(outcome));
  }

  void end_without(Error error) noexcept override {
    held.~Callable();
    this->complete(std::move(error));
  }

  union {
    Callable held;  // until the job completes
  };
};

}  // namespace psyne::inline v0
