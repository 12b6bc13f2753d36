#pragma once

#include <psyne/core/completion/completion_state.hpp>
#include <psyne/core/completion/operation_limit.hpp>
#include <psyne/core/executor/work.hpp>
#include <psyne/core/result/error.hpp>
#include <psyne/core/stop/stop_reason.hpp>
#include <psyne/pool/job/job_context.hpp>
#include <psyne/pool/job/job_options.hpp>
#include <psyne/pool/pool/named_jobs.hpp>
#include <psyne/pool/pool/pool_state.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace psyne::inline v0 {

/// What every job is, whatever its result: its entry in the pool's queues, who has claimed it, and how it is cancelled.
///
///   claim                      any thread     wait-free; won once: by the worker that takes it, or by a waiter
///   submit                     the submitter, once
///   run_claimed                who claimed it to run it
///   cancel                     any thread     claims one that none has begun
///   status, reason, timings    any thread
///
/// The entry in the queue holds a reference and stays there when another has claimed the job: who takes it then finds
/// nothing to do. After the job has ended it does not refer to the pool any more.
class JobRecord : public Work {
 public:
  /// Sets the limits and puts it into the queue, with one more reference. It has ended when the pool refuses it.
  void submit() noexcept;

  bool pending() const noexcept { return stage_.load(std::memory_order_acquire) == Stage::pending; }
  bool claim() noexcept {
    Stage expected = Stage::pending;
    return stage_.compare_exchange_strong(expected, Stage::claimed, std::memory_order_acq_rel);
  }

  /// Runs it on this thread, inside of whatever runs there now.
  void run_claimed() noexcept;

  /// The calling thread waits for it: runs it if it is a job of the same pool that none has begun, and says so. Where
  /// its stack is used up another thread does, or, when there is none, it ends with Code::exhausted.
  bool run_for_waiter() noexcept;

  /// One that has not begun ends now, its callable is destroyed; one that runs is told by its token.
  void cancel(StopReason reason, std::string text) noexcept;

  bool cancelled() const noexcept { return stage_.load(std::memory_order_acquire) == Stage::cancelled; }
  /// Why it was cancelled, or told to stop.
  std::optional<StopReason> reason() const noexcept {
    const std::uint8_t reason = reason_.load(std::memory_order_acquire);
    return reason == 0 ? std::nullopt : std::optional(static_cast<StopReason>(reason - 1));
  }
  JobTimings timings() const noexcept { return extras_ != nullptr ? extras_->timings : JobTimings(); }
  std::string_view name() const noexcept { return context_.name(); }
  Priority priority() const noexcept { return context_.priority(); }
  std::string what(std::string_view verb) const;

 protected:
  JobRecord(PoolState& pool, JobOptions options);
  ~JobRecord() = default;

  /// Of the result: calls the callable, destroys it and completes.
  virtual void call() noexcept = 0;
  /// Destroys the callable, which was not called, and completes with an error.
  virtual void end_without(Error error) noexcept = 0;
  virtual void keep() noexcept = 0;
  virtual void let_go() noexcept = 0;

  JobContext& context() noexcept { return context_; }
  /// The call is over, the result is not told yet.
  void called() noexcept;
  /// The calling thread, which is inside the pool, waits for `result`, and does parts of the job meanwhile.
  WaitEnd wait_inside(CompletionState<>& result, Deadline deadline, const StopToken& stop) noexcept;
  bool waiter_is_inside() const noexcept { return current_worker.pool == pool_; }

 private:
  enum class Stage : std::uint8_t { pending, claimed, cancelled };

  // What only some jobs have: a name, limits, times.
  struct Extras final : OperationLimit, private Work {
    explicit Extras(JobRecord& own) noexcept;
    void limit_reached() noexcept override;

    JobRecord* job;
    JobLimits limits;
    NamedJobs::Entry named;
    JobTimings timings;
    bool timed = false;
    bool limited = false;
    Service* service = nullptr;
    std::atomic<bool> reached{false};
  };

  static std::unique_ptr<Extras> extras_of(JobRecord& own, JobOptions& options);
  static void run(Work& self) noexcept;
  void run_inside() noexcept;
  void was_told() noexcept;
  void ended() noexcept;
  void end_unrun(Error error) noexcept;
  std::optional<Error> watch() noexcept;
  static std::uint8_t stored(StopReason reason) noexcept {
    return static_cast<std::uint8_t>(static_cast<unsigned>(reason) + 1);
  }

  PoolState* const pool_;
  const std::unique_ptr<Extras> extras_;
  JobContext context_;
  std::atomic<Stage> stage_{Stage::pending};
  std::atomic<std::uint8_t> reason_{0};  // as stored() says; 0 for none
};

}  // namespace psyne::inline v0
