#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/atomics/cache_line.hpp>
#include <psyne/core/executor/work.hpp>
#include <psyne/pool/queue/outbox.hpp>
#include <psyne/pool/scheduler/priority.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <utility>

namespace psyne::inline v0 {

/// Where a job comes from: a thread outside of the pool, or a job that the pool runs.
enum class From : std::uint8_t { outside, inside };

/// Where jobs wait that no worker has taken yet: an outbox for each thread that posts and each priority. The higher
/// level first; within a level in order of each thread, and the threads by turns. Who waits rises by a level per
/// second, by three at most, so that nobody waits for ever behind more urgent ones.
///
///   join              any thread, once for each that posts     lock-free; allocates
///   part              the thread that joined, or who knows that it is gone
///   push              the thread that joined                   wait-free; two stores and two loads of its own lines
///   take              any thread                               lock-free
///   waiting, any      any thread                               wait-free
///   close             any thread                               waits for pushes under way
///
/// `waiting()` never misses a level for longer than a call of another thread is under way, but may name an empty one:
/// the bit is set by who posts and cleared by who finds nothing, in that order of the sequentially consistent
/// operations: publish, load the bits, set; clear, look again, set. A producer and its boxes are published in that
/// order too, or who looks again would not see a thread that has just joined.
///
/// Times are the caller's, so tests bring their own. Owns no work.
template <class Atomics = StandardAtomics>
class InjectionQueue {
 public:
  /// One thread's end.
  class Producer {
    friend class InjectionQueue;
    std::array<typename Atomics::template Atomic<Outbox<Atomics>*>, priorities> boxes_{};  // once there, they stay
    typename Atomics::template Atomic<bool> joined_{true};
    typename Atomics::template Atomic<From> from_{From::outside};
    Producer* next_ = nullptr;  // set before it is published
    // Written with each push, while who takes reads what stands above.
    alignas(cache_line) typename Atomics::template Atomic<bool> pushing_{false};
  };

  /// What take() found: `count` entries of one level, as they were pushed, by a thread that joined so.
  struct Taken {
    std::size_t count = 0;
    Priority level = Priority::background;
    From from = From::outside;
  };

  InjectionQueue() noexcept = default;
  InjectionQueue(const InjectionQueue&) = delete;
  InjectionQueue& operator=(const InjectionQueue&) = delete;
  ~InjectionQueue() {
    for (Producer* one = first_.load(std::memory_order_relaxed); one != nullptr;) {
      for (auto& box : one->boxes_) delete box.load(std::memory_order_relaxed);
      delete std::exchange(one, one->next_);
    }
  }

  /// An end for the calling thread: that of a thread which has gone, or a new one. Null when there is no memory.
  Producer* join(From from = From::outside) noexcept {
    for (Producer* one = first_.load(std::memory_order_seq_cst); one != nullptr; one = one->next_) {
      bool joined = one->joined_.load(std::memory_order_relaxed);
      if (!joined && one->joined_.compare_exchange_strong(joined, true, std::memory_order_acquire)) {
        one->from_.store(from, std::memory_order_relaxed);
        return one;
      }
    }
    auto* made = new (std::nothrow) Producer;
    if (made == nullptr) return nullptr;
    made->from_.store(from, std::memory_order_relaxed);
    made->next_ = first_.load(std::memory_order_relaxed);
    while (!first_.compare_exchange_weak(made->next_, made, std::memory_order_seq_cst)) {
    }
    count_.fetch_add(1, std::memory_order_relaxed);
    return made;
  }
  /// What it has posted stays.
  void part(Producer& producer) noexcept { producer.joined_.store(false, std::memory_order_release); }

  /// False, and nothing done, when it comes from outside after close(), or when there is no memory. Else `then` is
  /// called, such as to wake who takes, and close() waits for that as well.
  template <class Then>
  [[nodiscard]] bool push(Producer& producer, Work& work, Priority level, Deadline now, From from,
                          Then&& then) noexcept {
    const auto place = static_cast<std::size_t>(level);
    // Either close() sees this, and waits, or this sees that it was called: light here, heavy there.
    producer.pushing_.store(true, std::memory_order_relaxed);
    Atomics::light_barrier();
    const bool open = from == From::inside || !closed_.load(std::memory_order_relaxed);
    const bool pushed = open && push_to(producer, place, work, now);
    if (pushed) [[likely]] {
      if ((waiting() & bit(place)) == 0) waiting_.fetch_or(bit(place), std::memory_order_seq_cst);
      then();
    }
    producer.pushing_.store(false, std::memory_order_release);
    return pushed;
  }
  [[nodiscard]] bool push(Producer& producer, Work& work, Priority level, Deadline now, From from) noexcept {
    return push(producer, work, level, now, from, [] {});
  }

  /// How many of a thread's entries wait at a level. The thread itself.
  std::uint64_t size(const Producer& producer, Priority level) const noexcept {
    const Outbox<Atomics>* box = producer.boxes_[static_cast<std::size_t>(level)].load(std::memory_order_relaxed);
    return box != nullptr ? box->size() : 0;
  }

  /// The levels at which something waits, or did, bit 0 the lowest.
  std::uint32_t waiting() const noexcept { return waiting_.load(std::memory_order_seq_cst); }

  /// Whether anything waits, exactly: clears the bits of empty levels.
  bool any() noexcept {
    bool found = false;
    for (std::size_t place = 0; place < priorities; ++place) {
      if ((waiting() & bit(place)) != 0 && (!empty(place) || !clear(place))) found = true;
    }
    return found;
  }

  /// Takes the oldest entries of one thread at the level that is highest `now`: a `share`-th of them, one at least, as
  /// many as `out` holds at most; none when that level, risen by its age, is below `at_least`, or another takes them
  /// just now. `start` says at which thread's to begin, another each time.
  Taken take(std::span<Work*> out, Priority at_least, std::size_t share, Deadline now, std::uint32_t start) noexcept {
    std::uint32_t bits = waiting();
    while (bits != 0) {
      const std::size_t place = highest(bits, static_cast<std::size_t>(at_least), now);
      if (place == priorities) return {};
      const auto [count, from, contended] = take_at(place, out, share, start);
      if (count != 0) return {count, static_cast<Priority>(place), from};
      bits &= ~bit(place);
      // Others who have work at lower levels would look here each time.
      if (!contended && (bits != 0 || at_least != Priority::background)) static_cast<void>(clear(place));
    }
    return {};
  }

  /// Nothing is taken from outside any more: every push that was taken is there when this returns. True the first time.
  bool close() noexcept {
    const bool first = !closed_.exchange(true, std::memory_order_seq_cst);
    Atomics::heavy_barrier();
    for (Producer* one = first_.load(std::memory_order_seq_cst); one != nullptr; one = one->next_) {
      while (one->pushing_.load(std::memory_order_acquire)) Atomics::yield();
    }
    return first;
  }
  /// Sequentially consistent, as close() is.
  bool closed() const noexcept { return closed_.load(std::memory_order_seq_cst); }

 private:
  struct Found {
    std::size_t count;
    From from;
    bool contended;  // another had the turn
  };

  static constexpr std::uint32_t bit(std::size_t place) noexcept { return std::uint32_t{1} << place; }

  Outbox<Atomics>* box_of(const Producer& producer, std::size_t place) const noexcept {
    return producer.boxes_[place].load(std::memory_order_seq_cst);
  }

  bool push_to(Producer& producer, std::size_t place, Work& work, Deadline now) noexcept {
    Outbox<Atomics>* box = producer.boxes_[place].load(std::memory_order_relaxed);
    if (box == nullptr) [[unlikely]] {
      box = new (std::nothrow) Outbox<Atomics>;
      if (box == nullptr) return false;
      producer.boxes_[place].store(box, std::memory_order_seq_cst);
    }
    return box->push(work, now);
  }

  bool empty(std::size_t place) const noexcept {
    for (Producer* one = first_.load(std::memory_order_seq_cst); one != nullptr; one = one->next_) {
      const Outbox<Atomics>* box = box_of(*one, place);
      if (box != nullptr && !box->empty()) return false;
    }
    return true;
  }

  // True when the level is empty indeed.
  bool clear(std::size_t place) noexcept {
    waiting_.fetch_and(~bit(place), std::memory_order_seq_cst);
    if (empty(place)) return true;
    waiting_.fetch_or(bit(place), std::memory_order_seq_cst);
    return false;
  }

  Found take_at(std::size_t place, std::span<Work*> out, std::size_t share, std::uint32_t start) noexcept {
    const std::uint32_t count = count_.load(std::memory_order_relaxed);
    Producer* const all = first_.load(std::memory_order_seq_cst);
    Producer* from = all;
    for (std::uint32_t skip = count == 0 ? 0 : start % count; skip != 0 && from != nullptr; --skip) from = from->next_;
    bool contended = false;
    std::size_t taken = 0;
    From whose = From::outside;
    const auto look = [&](Producer* first, const Producer* end) {
      for (Producer* one = first; one != end && taken == 0; one = one->next_) {
        Outbox<Atomics>* box = box_of(*one, place);
        if (box == nullptr || box->empty()) continue;
        if (!box->take_turn()) {
          contended = true;
          continue;
        }
        taken = box->take(out, share);
        whose = one->from_.load(std::memory_order_relaxed);
        box->end_turn();
      }
    };
    look(from, nullptr);
    if (taken == 0) look(all, from);
    return {taken, whose, contended};
  }

  // Of two that have come to one level the one that waited longer goes first.
  std::size_t highest(std::uint32_t bits, std::size_t at_least, Deadline now) noexcept {
    if (std::has_single_bit(bits) && bits >= bit(at_least)) return static_cast<std::size_t>(std::countr_zero(bits));
    std::size_t best = priorities;
    std::size_t best_risen = at_least;
    Clock::duration best_waited{-1};
    for (std::size_t place = 0; place < priorities; ++place) {
      if ((bits & bit(place)) == 0) continue;
      const Clock::duration waited = std::max(now - oldest(place, now), Clock::duration::zero());
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

  // When the oldest at a level came that nobody takes just now; `now` when there is none.
  Deadline oldest(std::size_t place, Deadline now) noexcept {
    Deadline found = now;
    for (Producer* one = first_.load(std::memory_order_seq_cst); one != nullptr; one = one->next_) {
      Outbox<Atomics>* box = box_of(*one, place);
      if (box == nullptr || box->empty() || !box->take_turn()) continue;
      found = std::min(found, box->oldest(now));
      box->end_turn();
    }
    return found;
  }

  typename Atomics::template Atomic<std::uint32_t> waiting_{0};
  typename Atomics::template Atomic<bool> closed_{false};
  typename Atomics::template Atomic<std::uint32_t> count_{0};  // of producers that ever joined anew
  typename Atomics::template Atomic<Producer*> first_{nullptr};
};

}  // namespace psyne::inline v0
