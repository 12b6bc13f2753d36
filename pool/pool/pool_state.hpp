#pragma once

#include <psyne/core/executor/executor.hpp>
#include <psyne/core/park/blocking_observer.hpp>
#include <psyne/core/process/fork_epoch.hpp>
#include <psyne/core/result/result.hpp>
#include <psyne/pool/job/job_context.hpp>
#include <psyne/pool/pool/budgeted_pool.hpp>
#include <psyne/pool/pool/close_report.hpp>
#include <psyne/pool/pool/named_jobs.hpp>
#include <psyne/pool/pool/pool_metrics.hpp>
#include <psyne/pool/pool/pool_options.hpp>
#include <psyne/pool/pool/producers.hpp>
#include <psyne/pool/scheduler/current_worker.hpp>
#include <psyne/pool/scheduler/scheduler.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace psyne::inline v0 {

/// A pool itself: the scheduler, its threads, and what jobs of it refer to while they wait or run.
///
///   post, context, drop, unobserved    any thread
///   open, close                        the owner; destroyed after a close() that was complete
class PoolState {
 public:
  /// Starts the threads. invalid_argument, exhausted.
  static Result<std::unique_ptr<PoolState>> open(PoolOptions options);
  PoolState(const PoolState&) = delete;
  PoolState& operator=(const PoolState&) = delete;
  ~PoolState();

  const std::string& name() const noexcept { return name_; }
  std::size_t workers() const noexcept { return scheduler_.crew().workers(); }
  Scheduler& scheduler() noexcept { return scheduler_; }
  NamedJobs& named() noexcept { return named_; }
  PoolMetrics& metrics() noexcept { return metrics_; }

  /// Whether the calling thread is inside a job of this pool.
  bool inside() const noexcept { return current_worker.pool == this; }
  bool forked() const noexcept { return epoch_ != fork_epoch(); }

  /// Puts work where a worker takes it. False when the pool is closed and this is not one of its jobs, in a forked
  /// child, and when there is no memory.
  [[nodiscard]] bool post(Work& work, Priority level) noexcept {
    if (forked()) [[unlikely]]
      return false;
    Scheduler::Producer* const producer = producer_of(id_, scheduler_);
    if (producer == nullptr) [[unlikely]]
      return false;
    return scheduler_.post(*producer, work, level, inside() ? From::inside : From::outside);
  }
  /// Why post() said false.
  Error refusal(std::string what) const;
  /// There are as many threads and guests as there may be.
  Error full(std::string what) const;

  /// What jobs without anything of their own run in.
  JobContext& context(Priority level) noexcept { return contexts_[static_cast<std::size_t>(level)]; }

  /// Whether jobs that have not begun are to be dropped now, and told of by dropped().
  bool dropping() const noexcept { return dropping_.load(std::memory_order_relaxed); }
  void dropped(std::string_view name) noexcept;

  /// A child that the calling thread has, and must not run inside of what it waits for, goes to where any thread takes
  /// it.
  void give_away(Work& work, Priority level) noexcept;

  /// Exceptions that were thrown beside one that goes on.
  void suppressed(std::uint64_t count) noexcept { suppressed_.fetch_add(count, std::memory_order_relaxed); }
  std::uint64_t suppressed() const noexcept { return suppressed_.load(std::memory_order_relaxed); }

  /// A job that nobody waits for threw: counted and logged.
  void unobserved(const std::exception_ptr& exception) noexcept;

  Executor& executor(Priority level) noexcept { return executors_[static_cast<std::size_t>(level)]; }

  Result<CloseReport> close(Closing how, Deadline deadline);

  /// The scope in which all that the pool runs is; cancelled when the pool closes by cancelling.
  JobContext& whole() noexcept { return whole_; }

  /// Of the thread that becomes a guest: its waits free its place.
  BlockingObserver& guest_sleeps() noexcept { return guest_sleeps_; }

 private:
  // The sleeps of threads inside jobs: another takes their place meanwhile.
  struct WorkerSleeps final : BlockingObserver {
    explicit WorkerSleeps(Scheduler& own) noexcept : scheduler(&own) {}
    void blocking() noexcept override { scheduler->blocking(*current_worker.worker); }
    void resumed() noexcept override { scheduler->resumed(*current_worker.worker); }
    Scheduler* scheduler;
  };
  struct GuestSleeps final : BlockingObserver {
    explicit GuestSleeps(Scheduler& own) noexcept : scheduler(&own) {}
    void blocking() noexcept override { scheduler->guest_blocking(*current_worker.worker); }
    void resumed() noexcept override { scheduler->guest_resumed(*current_worker.worker); }
    Scheduler* scheduler;
  };
  struct LevelExecutor final : Executor {
    void post(Work& work) noexcept override;
    PoolState* pool = nullptr;
    Priority level = Priority::normal;
  };

  PoolState(PoolOptions options, std::uint32_t workers, std::uint32_t threads);

  static bool start_thread(void* own, Worker& worker) noexcept;
  static void place_taken(void* own) noexcept { static_cast<PoolState*>(own)->budgeted_.place_taken(); }
  void run_thread(Worker& worker) noexcept;
  void join_retired();
  void join_all();

  const std::string name_;
  const std::uint32_t epoch_ = fork_epoch();
  PoolMetrics metrics_;
  Scheduler scheduler_;
  const PoolId id_ = pool_opened(scheduler_);
  WorkerSleeps worker_sleeps_{scheduler_};
  GuestSleeps guest_sleeps_{scheduler_};
  JobContext whole_{Priority::normal};  // cancelled when the pool closes by cancelling
  std::array<JobContext, priorities> contexts_{
      JobContext(Priority::background, &whole_), JobContext(Priority::low, &whole_),
      JobContext(Priority::normal, &whole_), JobContext(Priority::high, &whole_),
      JobContext(Priority::urgent, &whole_)};
  std::array<LevelExecutor, priorities> executors_;
  NamedJobs named_;
  std::atomic<bool> dropping_{false};
  std::atomic<std::uint64_t> suppressed_{0};
  std::mutex closing_;  // one close() at a time
  bool ended_ = false;  // guarded by closing_
  std::mutex mutex_;    // guards what follows
  std::vector<std::thread> threads_;
  bool joining_ = false;                  // all of them: no other is started
  std::vector<std::thread::id> retired_;  // threads that have left run(), to be joined
  CloseReport report_;
  BudgetedPool budgeted_{scheduler_, metrics_};
};

}  // namespace psyne::inline v0
