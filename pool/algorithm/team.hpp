#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/atomics/cache_line.hpp>
#include <psyne/pool/algorithm/par_options.hpp>
#include <psyne/pool/pool/guest.hpp>
#include <psyne/pool/pool/pool_state.hpp>
#include <psyne/pool/scheduler/current_worker.hpp>
#include <psyne/pool/scheduler/fork.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>
#include <string_view>

namespace psyne::inline v0 {

/// The threads that take part in one call of a parallel algorithm: which pool's, how many, and until when. Its caller
/// leads it.
///
///   constructor, destructor, settle, finish           the leader
///   may_fork, put_aside, took_back, fail, advance     whoever does a part
///   unwanted, end_at, end                             whoever does a part; wait-free
///
/// Lives on the leader's stack. He becomes a guest of the pool, if he is not in it, only when he forks first; one who
/// cannot (the pool has max_threads, or is closing) does all alone. Who took a part and is through with it goes his
/// way; only the leader waits for parts of others, and helps meanwhile, with nothing but parts of his own team.
///
/// Positions are those of the elements: from end() on, what begins there is left undone.
class Team {
 public:
  /// `what`: the algorithm, for errors. Throws psyne::Exception with Code::closed or Code::forked
  /// when the pool that the options name takes nothing more.
  Team(ParOptions& options, std::size_t total, std::string_view what)
      : options_(options),
        what_(what),
        total_(total),
        alone_(options.max_workers == 1),
        bounded_(options.max_workers > 1),
        stoppable_(options.stop.stop_possible()),
        tells_(static_cast<bool>(options.progress)),
        pool_(options.pool == nullptr ? current_worker.pool : nullptr),
        permits_(static_cast<std::int64_t>(options.max_workers) - 1) {
    if (pool_ == nullptr && !alone_) pool_ = find_pool();
    if (!alone_ && pool_->workers() == 1) alone_ = true;
  }
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;
  ~Team() = default;

  /// Whether `parts` are so few that each should be there for others to take before the first is run.
  bool few(std::size_t parts) const noexcept {
    return !alone_ && parts > 1 && parts <= parts_per_worker * pool_->workers();
  }

  /// Whether nobody else takes part, stops this, or wants to know how far it is: it may be done at once.
  bool undisturbed() const noexcept { return alone_ && !stoppable_ && !tells_; }

  /// Whether others may take part, but would find nothing to take with this thread.
  bool nothing_to_take() const noexcept {
    if (alone_) return false;
    return current_worker.pool != pool_ || current_worker.worker->deque().empty();
  }

  /// Whether one part may be given to another now, by put_aside().
  bool may_fork() noexcept {
    if (alone_) return false;
    if (current_worker.pool != pool_ && !enter()) [[unlikely]]
      return false;
    if (!bounded_) return true;
    if (permits_.fetch_sub(1, std::memory_order_acq_rel) > 0) return true;
    give_permit();
    return false;
  }

  /// After may_fork(): the part lies there to be taken.
  void put_aside(ForkFrame& part) noexcept {
    if (leader_ == nullptr) leader_ = current_worker.worker;  // nobody else forks first
    parts_.fetch_add(1, std::memory_order_relaxed);
    part.put_aside();
  }
  /// Nobody did take it.
  void took_back() noexcept {
    give_permit();
    parts_.fetch_sub(1, std::memory_order_relaxed);  // never the last: who forked has a part himself, or leads
  }

  /// Stands in the thread that has taken a part while it does it.
  class Taken {
   public:
    Taken(Team& team, JobContext* job) noexcept;
    ~Taken();
    Taken(const Taken&) = delete;
    Taken& operator=(const Taken&) = delete;

   private:
    Team& team_;
    JobContext* const job_before_;
    const Errand errand_before_;
  };

  /// In a catch block: what begins at `position` threw. Ends everything.
  void fail(std::size_t position) noexcept;

  /// Returns when all parts have ended. Throws what that at the lowest position threw; or, if the stop token left
  /// something undone, its error.
  void settle() {
    if (parts_.load(std::memory_order_acquire) != 0) wait_for_parts();
    if (failure_ != nullptr || stopped_.load(std::memory_order_relaxed)) [[unlikely]]
      throw_failure();
  }

  /// Whether what begins at `position` need not be done. Looks at the stop token.
  bool unwanted(std::size_t position) noexcept {
    if (position >= end_.load(std::memory_order_relaxed)) return true;
    return stoppable_ && stop_now();
  }

  /// Nothing at or behind `position` is wanted any more.
  void end_at(std::size_t position) noexcept {
    std::size_t end = end_.load(std::memory_order_relaxed);
    while (position < end && !end_.compare_exchange_weak(end, position, std::memory_order_relaxed)) {
    }
  }
  std::size_t end() const noexcept { return end_.load(std::memory_order_relaxed); }

  /// So much more is done. Throws what the progress callback throws.
  void advance(std::size_t count) {
    if (tells_) [[unlikely]]
      tell(count);
  }

  /// After the last settle(): tells that all is done.
  void finish() {
    if (tells_) [[unlikely]]
      options_.progress(total_, total_);
  }

 private:
  static constexpr std::size_t parts_per_worker = 4;

  PoolState* find_pool() const;
  bool enter() noexcept;
  bool stop_now() noexcept;
  void tell(std::size_t count);
  void wait_for_parts() noexcept;
  void part_ended() noexcept;
  [[noreturn]] void throw_failure();

  void give_permit() noexcept {
    if (bounded_) permits_.fetch_add(1, std::memory_order_acq_rel);
  }

  ParOptions& options_;
  const std::string_view what_;
  const std::size_t total_;
  bool alone_;  // changes only before anybody else takes part
  const bool bounded_;
  const bool stoppable_;
  const bool tells_;
  PoolState* pool_;
  std::optional<Guest> guest_;
  Worker* leader_ = nullptr;  // from the first fork on
  std::mutex failing_;
  std::exception_ptr failure_;  // with the next, guarded by failing_ until all parts have ended
  std::size_t failed_at_ = 0;
  alignas(cache_line) std::atomic<std::size_t> end_{SIZE_MAX};
  std::atomic<bool> stopped_{false};
  alignas(cache_line) std::atomic<std::size_t> parts_{0};  // that lie there or are done by others
  std::atomic<std::int64_t> permits_;  // how many more there may be; one is the leader's while he waits
  std::atomic<std::size_t> done_{0};
  std::mutex telling_;
  Clock::time_point told_{};  // guarded by telling_
};

}  // namespace psyne::inline v0
