#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/atomics/cache_line.hpp>
#include <psyne/core/executor/work.hpp>
#include <psyne/core/park/parker.hpp>
#include <psyne/pool/deque/work_deque.hpp>
#include <psyne/pool/scheduler/errand.hpp>
#include <psyne/pool/scheduler/priority.hpp>
#include <psyne/pool/scheduler/worker_counters.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace psyne::inline v0 {

/// One thread's part of a pool: what it has put aside, at each priority, and what it sleeps on when it waits for a
/// child that another runs.
///
///   all but the next       the thread whose worker this is
///   steal, idle            any thread, as WorkDeque; and what says so
///
/// Work in the deques is of two kinds. Children of what runs on this thread lie above the place at which it began, and
/// are gone when it ends; jobs that were taken from the injection queue several at a time lie below.
template <class Atomics = StandardAtomics, std::size_t capacity = 256>
class BasicWorker {
 public:
  using Deque = WorkDeque<Work, Atomics, capacity>;

  explicit BasicWorker(std::uint32_t number) noexcept : number_(number), random_(number * 2654435769U + 1) {}
  BasicWorker(const BasicWorker&) = delete;
  BasicWorker& operator=(const BasicWorker&) = delete;

  std::uint32_t number() const noexcept { return number_; }

  /// At which priority the thread works now.
  Priority level() const noexcept { return level_; }
  void set_level(Priority level) noexcept {
    if (level == level_) return;
    level_ = level;
    deque_ = &deques_[static_cast<std::size_t>(level)];
    if (!ever_at(static_cast<std::size_t>(level))) {
      ever_.store(ever_.load(std::memory_order_relaxed) | bit(static_cast<std::size_t>(level)),
                  std::memory_order_seq_cst);
    }
  }
  /// Whether the thread ever worked at a level: others need not look at its deque else. Any thread.
  bool ever_at(std::size_t level) const noexcept { return (ever_.load(std::memory_order_seq_cst) & bit(level)) != 0; }

  /// Where children go.
  Deque& deque() noexcept { return *deque_; }
  Deque& deque(Priority level) noexcept { return deques_[static_cast<std::size_t>(level)]; }

  /// The highest level at which something was put aside here; `priorities` when there is none.
  std::size_t highest() const noexcept {
    for (std::size_t place = priorities; place-- > 0;) {
      if (deques_[place].size() != 0) return place;
    }
    return priorities;
  }

  /// Takes the newest of a level between two jobs.
  Work* pop_between_jobs(std::size_t level) noexcept {
    Work* work = deques_[level].pop();
    jobs_until_[level] = std::min(jobs_until_[level], deques_[level].position());
    return work;
  }
  /// What lies in the deque of this level now are jobs from the injection queue.
  void jobs_put_aside() noexcept { jobs_until_[static_cast<std::size_t>(level_)] = deque_->position(); }
  /// Whether the newest of a level is one of those: older than what waits in the queue.
  bool newest_is_job(std::size_t level) const noexcept { return deques_[level].position() <= jobs_until_[level]; }

  /// Whether nothing lies here to take.
  bool idle() const noexcept {
    for (std::size_t level = 0; level < priorities; ++level) {
      if (ever_at(level) && !deques_[level].empty()) return false;
    }
    return true;
  }

  Work* steal(std::size_t level) noexcept { return deques_[level].steal(); }

  /// A number to begin looking at, another each time.
  std::uint32_t random() noexcept {
    random_ ^= random_ << 13U;
    random_ ^= random_ >> 17U;
    random_ ^= random_ << 5U;
    return random_;
  }

  /// Whether jobs come from outside faster than this thread runs them. So it is when it took some, but not all that a
  /// thread may take at once, when `least` at least were expected.
  bool stream() const noexcept { return stream_; }
  void expect_stream_of(std::size_t least) noexcept {
    stream_least_ = least;
    stream_ = false;
  }
  void took(std::size_t jobs) noexcept { stream_ = jobs >= stream_least_; }

  /// Counts what the thread picked between two jobs.
  std::uint32_t turn() noexcept { return ++turns_; }

  /// What is counted of it, for others to see. The cells are set once, by who has the worker's seat.
  WorkerCounters& counters() noexcept { return counters_; }
  bool counted() const noexcept { return counted_; }
  void count_to(const WorkerCounters& counters) noexcept {
    counters_ = counters;
    counted_ = true;
  }

  /// What the thread does now. Any thread; between two equal answers nothing was put aside from `base` on but for it.
  Errand errand() const noexcept { return errand_.get(); }
  /// The same for the outermost, within which all the others are: as long as it lasts all from its `base` on is for it.
  Errand outermost_errand() const noexcept { return outermost_.get(); }
  /// Begins one, inside of the one before, which it gives.
  Errand begin_errand(const void* of) noexcept {
    const Errand before = errand();
    const Errand now{of, level_, deque_->position(), ++errands_};
    errand_.set(now);
    if (before.of == nullptr) outermost_.set(now);
    return before;
  }
  void end_errand(const Errand& before) noexcept {
    errand_.set(before);
    if (before.of == nullptr) outermost_.set(before);
  }
  /// How many were begun.
  std::uint64_t errands() const noexcept { return errands_; }

  /// Whether the errand's own part of the deque has something to take. Any thread.
  bool has_part_of(const Errand& errand) const noexcept {
    return deques_[static_cast<std::size_t>(errand.level)].any_from(errand.base);
  }
  /// Takes it. Any thread.
  Work* steal_part_of(const Errand& errand) noexcept {
    return deques_[static_cast<std::size_t>(errand.level)].steal(errand.base);
  }

  /// For what the thread sleeps from now on when it sleeps inside a job: for errands of `what`, parts of which it can
  /// do; or, if that is stuck(), for a turn at what it has put aside, which it has no stack to run. Null: for nothing
  /// that it could do.
  void will_sleep_for(const void* what) noexcept { will_sleep_for_ = what; }
  const void* stuck() const noexcept { return this; }
  /// The thread lies down: from now on it may be recalled.
  void lie_down() noexcept {
    if (will_sleep_for_ != nullptr) asleep_for_.store(will_sleep_for_, std::memory_order_seq_cst);
  }
  /// It gets up. True when it has been recalled meanwhile: then a place is kept for it.
  bool get_up() noexcept {
    if (will_sleep_for_ == nullptr || asleep_for_.exchange(nullptr, std::memory_order_seq_cst) != nullptr) return false;
    recalled_ = searches_ = true;
    return true;
  }
  /// Whether that was so since it was asked last.
  bool was_recalled() const noexcept { return recalled_; }
  void forget_recall() noexcept { recalled_ = false; }
  /// Whether it counts as one that searches, for it was recalled and has found nothing yet. Then it does no more.
  bool stop_searching() noexcept { return std::exchange(searches_, false); }

  /// For what it sleeps. Any thread.
  const void* asleep_for() const noexcept { return asleep_for_.load(std::memory_order_seq_cst); }
  /// Any thread that has reserved a place: recalls it, if it is still asleep for `what`.
  bool recall(const void* what) noexcept {
    if (!asleep_for_.compare_exchange_strong(what, nullptr, std::memory_order_seq_cst)) return false;
    parker_.wake();
    return true;
  }

  /// How many tickets of this thread lie in the pool's queue. Any thread.
  typename Atomics::template Atomic<std::uint32_t>& tickets() noexcept { return tickets_; }

  /// Woken when a child of this thread that another ran has ended. Any thread wakes, this one waits.
  Parker<Atomics>& parker() noexcept { return parker_; }

 private:
  static constexpr std::uint32_t bit(std::size_t level) noexcept { return std::uint32_t{1} << level; }

  Priority level_ = Priority::normal;
  const std::uint32_t number_;
  std::uint32_t random_;
  std::uint32_t turns_ = 0;
  std::uint64_t errands_ = 0;
  bool counted_ = false;
  bool stream_ = false;
  std::size_t stream_least_ = 1;
  WorkerCounters counters_;
  std::array<std::uint64_t, priorities> jobs_until_{};
  std::array<Deque, priorities> deques_;
  alignas(cache_line) Deque* deque_ = &deques_[static_cast<std::size_t>(Priority::normal)];  // of level_
  // Rarely written, and read by thieves.
  alignas(cache_line)
      typename Atomics::template Atomic<std::uint32_t> ever_{bit(static_cast<std::size_t>(Priority::normal))};
  ErrandSeen<Atomics> errand_;
  ErrandSeen<Atomics> outermost_;
  typename Atomics::template Atomic<std::uint32_t> tickets_{0};
  alignas(cache_line) typename Atomics::template Atomic<const void*> asleep_for_{nullptr};
  const void* will_sleep_for_ = nullptr;  // with the next two, the thread's own
  bool recalled_ = false;
  bool searches_ = false;
  Parker<Atomics> parker_;
};

}  // namespace psyne::inline v0
