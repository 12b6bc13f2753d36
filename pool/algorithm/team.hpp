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
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

namespace psyne::inline v0 {

/// The threads that take part in one call of a parallel algorithm: which pool's, how many, and until when.
///
///   constructor, destructor, finish       the calling thread
///   may_fork, both, unwanted, advance     whoever runs a part
///   end_at, cancel                        whoever runs a part; wait-free
///
/// Lives on the caller's stack. The caller becomes a guest of the pool, if it is not in it, only when it forks first; a
/// caller that cannot become one (the pool has max_threads, or is closing) does all alone.
///
/// Positions are those of the algorithm's elements: from unwanted() on, what begins there is left undone.
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
  }
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;
  ~Team() = default;

  /// Whether `parts` are so few that each should be there for others to take before the first is run.
  bool few(std::size_t parts) const noexcept {
    return !alone_ && parts > 1 && parts <= parts_per_worker * pool_->workers();
  }

  /// Whether others may take part, but would find nothing to take with this thread.
  bool nothing_to_take() const noexcept {
    if (alone_) return false;
    return current_worker.pool != pool_ || current_worker.worker->deque().size() == 0;
  }

  /// Whether one part may be given to another now; if so, call both().
  bool may_fork() noexcept {
    if (alone_) return false;
    if (current_worker.pool != pool_ && !enter()) [[unlikely]]
      return false;
    if (!bounded_) return true;
    if (permits_.fetch_sub(1, std::memory_order_acq_rel) > 0) return true;
    give_permit();
    return false;
  }

  /// Runs `left` here, and then `right_here`, unless another thread ran `right` meanwhile. Of two exceptions that of
  /// `left` is thrown, the other counted.
  template <class Left, class Right, class RightHere>
  void both(Left&& left, Right&& right, RightHere&& right_here) {
    auto elsewhere = [&] {
      try {
        right();
      } catch (...) {
        cancel();
        throw;
      }
    };
    Fork fork(elsewhere);
    fork.put_aside();
    try {
      left();
    } catch (...) {
      cancel();
      give_permit();
      fork.abandon();
      throw;
    }
    // From here on this thread works on `right` or waits for who does: either way one of the two may fork again.
    give_permit();
    fork.join_by(right_here);
  }

  /// The same where it makes no difference who runs `right`.
  template <class Left, class Right>
  void both(Left&& left, Right&& right) {
    both(left, right, right);
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

  /// Nothing is wanted any more.
  void cancel() noexcept { end_.store(0, std::memory_order_relaxed); }

  /// So much more is done. Throws what the progress callback throws.
  void advance(std::size_t count) {
    if (tells_) [[unlikely]]
      tell(count);
  }

  /// At the end: throws if the stop token left something undone. Tells that all is done.
  void finish() {
    if (stopped_.load(std::memory_order_relaxed)) [[unlikely]]
      throw_stopped();
    if (tells_) [[unlikely]]
      options_.progress(total_, total_);
  }

 private:
  static constexpr std::size_t parts_per_worker = 4;

  PoolState* find_pool() const;
  bool enter() noexcept;
  bool stop_now() noexcept;
  void tell(std::size_t count);
  [[noreturn]] void throw_stopped() const;

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
  alignas(cache_line) std::atomic<std::size_t> end_{SIZE_MAX};
  std::atomic<bool> stopped_{false};
  // How many more threads may come. Every child that lies somewhere or is run by another holds one, and gives it back
  // when its parent, having no more to do itself, waits for it or runs it.
  alignas(cache_line) std::atomic<std::int64_t> permits_;
  std::atomic<std::size_t> done_{0};
  std::mutex telling_;
  Clock::time_point told_{};  // guarded by telling_
};

}  // namespace psyne::inline v0
