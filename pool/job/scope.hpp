#pragma once

#include <psyne/core/atomics/short_lock.hpp>
#include <psyne/core/channel/wait.hpp>
#include <psyne/core/executor/work.hpp>
#include <psyne/core/park/parker.hpp>
#include <psyne/core/result/result.hpp>
#include <psyne/core/stop/wait_or_stop.hpp>
#include <psyne/pool/job/job_context.hpp>
#include <psyne/pool/job/posted_jobs.hpp>
#include <psyne/pool/job/spawned.hpp>
#include <psyne/pool/scheduler/current_worker.hpp>

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace psyne::inline v0 {

class Pool;
class Waiting;

struct ScopeOptions {
  Pool* pool = nullptr;   ///< nothing: that of the job which opens the scope, or the default pool
  std::string name = {};  ///< of this_job::name() in its jobs, and in errors
  StopToken stop = {};    ///< when it stops, jobs that have not begun are left out, the others are told
};

/// Jobs that end before it does: whatever happens, nothing that was spawned outlives its scope.
///
///   spawn              any thread, jobs of the scope included     a push to the thread's own deque inside the pool
///   cancel, skipped    any thread
///   wait, wait_for     one thread at a time; the one that opened the scope helps
///
/// The jobs have the priority of the job that opened the scope. When one throws, those that have not begun are left
/// out and those that run are told by their token (reason error); of all that threw, the one that was spawned first
/// goes on to wait(), the others are counted. An inner scope that fails so does nothing to an outer one, unless its
/// exception gets there.
///
/// A wait inside a job runs jobs of this scope and nothing else; when the rest runs elsewhere the thread sleeps, and
/// another takes its place. A job for which no thread has a stack left, when the pool has max_threads, is left out:
/// wait() throws psyne::Exception with Code::exhausted then. After wait() the scope may be used again.
///
/// Destroyed without a wait() it waits, and what was thrown is counted and logged; destroyed by an exception it cancels
/// first.
class Scope {
 public:
  Scope() : Scope(pool_for(nullptr), nullptr) {}
  explicit Scope(Pool& pool) : Scope(pool_for(&pool), nullptr) {}
  /// Throws psyne::Exception when there is no default pool to be had; in a forked child, for a pool of the parent.
  explicit Scope(ScopeOptions options);
  ~Scope() {
    if (!nothing_left()) [[unlikely]]
      leave();
  }
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  /// Has `callable()` run. One allocation, from memory that threads keep for that. Throws psyne::Exception with
  /// Code::closed when the pool is closed and this is not one of its jobs.
  template <class Callable>
    requires std::is_invocable_v<std::decay_t<Callable>&>
  void spawn(Callable&& callable) {
    put(SpawnedCall<std::decay_t<Callable>>::make(*this, std::forward<Callable>(callable)));
  }

  /// Returns when every job has ended or was left out. Throws what the first of them threw, if any did.
  void wait();

  /// The same for some time. Errors: timed_out, stopped; the jobs go on, and this may be called again.
  Result<void> wait_for(const Wait& how_long);

  /// Jobs that have not begun are left out, the others are told by their token.
  void cancel(StopReason reason = StopReason::user, std::string text = {}) { context_.cancel(reason, std::move(text)); }

  /// How many jobs were left out, since they were cancelled before they began.
  std::uint64_t skipped() const noexcept { return skipped_.load(std::memory_order_relaxed); }

  /// By a thread that has taken a job and must not run it: it goes to where any thread takes it, who waits for it too.
  static void give_away(Spawned& job) noexcept;

  /// Whether work is a job of the scope at `what`, or of one that `opener` opened after it had begun so many errands.
  static bool is_job_of(const Work& work, const void* what, const Worker& opener, std::uint64_t errands) noexcept;

 private:
  friend class Spawned;

  // Far more than there can be jobs.
  static constexpr std::int64_t not_awaited = std::int64_t{1} << 60U;

  Scope(PoolState& pool, const JobLimits* limits) noexcept;  // takes the limits
  static PoolState& pool_for(Pool* pool);
  void put(Spawned& job);
  bool post(Spawned& job) noexcept;
  Work* next_own() noexcept;
  void act(Spawned& job) noexcept;
  void run_for_other(Spawned& job) noexcept;
  void ended() noexcept;
  void threw(std::uint64_t number, std::exception_ptr exception) noexcept;
  template <class GoOn, class Run>
  void for_own(const GoOn& go_on, const Run& run) noexcept;
  template <class Enough>
  void run_own(bool able, const Enough& enough) noexcept;
  void run_last() noexcept;
  template <class Done, class Enough>
  void take_part(Waiting& waiting, const Done& done, const Enough& enough) noexcept;
  void help(Deadline deadline, const StopToken& stop) noexcept;
  struct Ended {
    WaitEnd how;
    bool told;
  };
  Ended sleep_until(Deadline deadline, const StopToken& stop) noexcept;
  WaitEnd wait_until(Deadline deadline, const StopToken& stop) noexcept;
  void leave() noexcept;
  std::exception_ptr collect() noexcept;
  void rethrow_first();
  // Whether something waits for this thread to run it.
  bool any_own() const noexcept {
    return (owner_->deque().position() > base_ && !owner_->deque().empty()) || posted_.any();
  }
  bool mine() const noexcept { return owner_ != nullptr && current_worker.worker == owner_; }
  std::int64_t left() const noexcept { return others_jobs_.load(std::memory_order_acquire) + own_jobs_; }
  bool nothing_left() const noexcept { return left() == not_awaited && !threw_.load(std::memory_order_relaxed); }
  bool all_ended() const noexcept { return others_jobs_.load(std::memory_order_acquire) == 0; }

  PoolState& pool_;
  const std::unique_ptr<const JobLimits> limits_;  // null in most
  JobContext context_;
  Worker* const owner_;         // the worker of the thread that opened the scope, if it was inside the pool
  const std::uint64_t base_;    // what lies in its deque below this is not ours
  const std::uint64_t opened_;  // how many errands that thread had begun
  const int uncaught_;          // exceptions under way when it was opened
  // Jobs that have not ended. What the thread that opened the scope spawns and runs itself it counts by itself: spawned
  // less ended. The others count theirs, from not_awaited on; in a wait both are one, so that it comes to zero.
  std::int64_t own_jobs_ = 0;
  std::uint64_t own_spawned_ = 0;
  std::atomic<std::int64_t> others_jobs_{not_awaited};
  std::atomic<std::uint64_t> others_spawned_{0};
  std::atomic<bool> told_{false};  // the last job does not touch the scope any more
  std::atomic<std::uint64_t> skipped_{0};
  std::atomic<Worker*> runner_{nullptr};  // who took a job of this last
  PostedJobs posted_;
  Parker<> parker_;
  std::atomic<bool> threw_{false};  // something lies below
  ShortLock<> lock_;                // guards what follows
  std::exception_ptr first_;
  std::uint64_t first_number_ = 0;
  std::uint64_t others_ = 0;
};

}  // namespace psyne::inline v0
