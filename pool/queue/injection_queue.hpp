#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/atomics/short_lock.hpp>
#include <psyne/core/executor/work.hpp>
#include <psyne/pool/queue/ageing.hpp>
#include <psyne/pool/queue/chunked_queue.hpp>
#include <psyne/pool/scheduler/priority.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>

namespace psyne::inline v0 {

/// Where a job comes from: a thread outside of the pool, or a job that the pool runs.
enum class From : std::uint8_t { outside, inside };

/// Where jobs wait that no worker has taken yet: first come, first served within a level, the higher level first, and
/// who waits rises by a level per second, by three at most, so that nobody waits for ever behind more urgent ones.
///
///   push       any thread     a short lock; allocates 1 KiB for 127 entries, and does without where there is none
///   take       any thread     a short lock, once for several entries
///   waiting    any thread     wait-free
///   close      any thread     a short lock
///
/// Times are the caller's, so tests bring their own. Owns no work.
template <class Atomics = StandardAtomics>
class InjectionQueue {
 public:
  /// What take() found: `count` entries of one level; `level` as they were pushed.
  struct Taken {
    std::size_t count = 0;
    Priority level = Priority::background;
  };

  InjectionQueue() noexcept = default;
  InjectionQueue(const InjectionQueue&) = delete;
  InjectionQueue& operator=(const InjectionQueue&) = delete;

  /// False, and nothing done, when it comes from outside after close().
  [[nodiscard]] bool push(Work& work, Priority level, Deadline now, From from) noexcept {
    const auto place = static_cast<std::size_t>(level);
    const std::lock_guard guard(lock_);
    if (from == From::outside && closed()) return false;
    Level& entries = levels_[place];
    entries.ages.came(entries.queue.pushed(), now);
    entries.queue.push(work);
    if (entries.queue.size() == 1) publish(waiting_.load(std::memory_order_relaxed) | bit(place));
    return true;
  }

  /// Nothing is taken from outside any more: every push that was taken is there when this returns. True the first time.
  bool close() noexcept {
    const std::lock_guard guard(lock_);
    const bool first = !closed();
    closed_.store(true, std::memory_order_relaxed);
    return first;
  }
  bool closed() const noexcept { return closed_.load(std::memory_order_relaxed); }

  /// The levels at which something waits, bit 0 the lowest. Sequentially consistent, as push() and take() are.
  std::uint32_t waiting() const noexcept { return waiting_.load(std::memory_order_seq_cst); }

  /// Takes the oldest entries of the level that is highest `now`, a `share`-th of them but one at least, as many as
  /// `out` holds at most. Nothing when that level, risen by its age, is below `at_least`.
  Taken take(std::span<Work*> out, Priority at_least, std::size_t share, Deadline now) noexcept {
    if (waiting() == 0) return {};
    const std::lock_guard guard(lock_);
    const std::size_t place = highest(static_cast<std::size_t>(at_least), now);
    if (place == priorities) return {};
    ChunkedQueue& queue = levels_[place].queue;
    const std::size_t count = std::min(out.size(), std::max<std::size_t>(1, queue.size() / share));
    for (Work*& work : out.first(count)) work = queue.pop();
    if (queue.empty()) publish(waiting_.load(std::memory_order_relaxed) & ~bit(place));
    return {count, static_cast<Priority>(place)};
  }

  /// How many wait at a level.
  std::size_t size(Priority level) noexcept {
    const std::lock_guard guard(lock_);
    return levels_[static_cast<std::size_t>(level)].queue.size();
  }

 private:
  struct Level {
    ChunkedQueue queue;
    Ageing ages;
  };

  static constexpr std::uint32_t bit(std::size_t place) noexcept { return std::uint32_t{1} << place; }

  void publish(std::uint32_t bits) noexcept { waiting_.store(bits, std::memory_order_seq_cst); }

  // Under the lock: where to take from. Of two that have come to one level the one that waited longer goes first.
  std::size_t highest(std::size_t at_least, Deadline now) const noexcept {
    const std::uint32_t bits = waiting_.load(std::memory_order_relaxed);
    if (std::has_single_bit(bits) && bits >= bit(at_least)) return static_cast<std::size_t>(std::countr_zero(bits));
    std::size_t best = priorities;
    std::size_t best_risen = at_least;
    Clock::duration best_waited{-1};
    for (std::size_t place = 0; place < priorities; ++place) {
      if ((bits & bit(place)) == 0) continue;
      const Level& entries = levels_[place];
      const Clock::duration waited = entries.ages.waited(entries.queue.taken(), now);
      const auto seconds = static_cast<std::size_t>(waited / std::chrono::seconds(1));
      const std::size_t risen = std::min(place + std::min<std::size_t>(seconds, 3), priorities - 1);
      if (risen > best_risen || (risen == best_risen && waited > best_waited)) {
        best = place;
        best_risen = risen;
        best_waited = waited;
      }
    }
    return best;
  }

  ShortLock<Atomics> lock_;  // guards the levels
  std::array<Level, priorities> levels_;
  typename Atomics::template Atomic<std::uint32_t> waiting_{0};  // written under the lock
  typename Atomics::template Atomic<bool> closed_{false};        // written under the lock
};

}  // namespace psyne::inline v0
