#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/atomics/cache_line.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace psyne::inline v0 {

/// What one thread has put aside to do, newest first, and others may take from the other end, oldest first.
///
///   push, pop, size    the owner     wait-free but for the one item that pop and thieves may want at once (lock-free)
///   steal, empty, any_from     any thread    lock-free: steal fails only when another took the item
///
/// Holds pointers, owns nothing, and never grows: push() says when `capacity` are there, and then the owner does the
/// work itself or puts it elsewhere, so memory is flat and no thief ever reads a ring that was given back. The slots
/// are allocated by the first push, so an unused deque costs two cache lines.
///
/// The algorithm is Chase and Lev's ("Dynamic Circular Work-Stealing Deque", 2005) in sequentially consistent
/// operations: the owner takes bottom_ back before it looks at top_, a thief looks at top_ before bottom_, so both see
/// it when they want the last item, and then top_ decides. The store of push is sequentially consistent too, so that
/// after it the owner can look whether somebody sleeps (Crew). Thief and owner instead sharing an asymmetric barrier
/// saves 2 x 2.2 ns per item and costs 9 us per theft, 5 us of them the owner's (docs/investigations/pool.md).
/// Indices are 64 bits wide and never wrap.
///
/// Shut-down: nobody may steal any more; what is left inside is forgotten.
template <class Item, class Atomics = StandardAtomics, std::size_t capacity = 256>
class WorkDeque {
  static_assert((capacity & (capacity - 1)) == 0);

 public:
  static constexpr std::size_t most = capacity;

  WorkDeque() noexcept = default;
  WorkDeque(const WorkDeque&) = delete;
  WorkDeque& operator=(const WorkDeque&) = delete;

  /// False when it is full.
  bool push(Item* item) noexcept {
    const std::uint64_t bottom = bottom_.load(std::memory_order_relaxed);
    if (bottom - top_seen_ >= capacity) [[unlikely]] {
      // Acquire: the thief that moved top_ on has read its slot.
      top_seen_ = top_.load(std::memory_order_acquire);
      if (bottom - top_seen_ >= capacity) return false;
    }
    slots_[bottom & mask].store(item, std::memory_order_relaxed);
    bottom_.store(bottom + 1, std::memory_order_seq_cst);  // releases the slot and the item
    return true;
  }

  /// The newest item; null when there is none.
  Item* pop() noexcept {
    const std::uint64_t bottom = bottom_.load(std::memory_order_relaxed);
    if (bottom == top_.load(std::memory_order_relaxed)) return nullptr;  // only the owner could add to it
    const std::uint64_t last = bottom - 1;
    bottom_.store(last, std::memory_order_seq_cst);
    std::uint64_t top = top_.load(std::memory_order_seq_cst);
    if (top < last) [[likely]]
      return slots_[last & mask].load(std::memory_order_relaxed);
    Item* item = nullptr;
    if (top == last && top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst)) {
      item = slots_[last & mask].load(std::memory_order_relaxed);
    }
    bottom_.store(bottom, std::memory_order_seq_cst);
    return item;
  }

  /// The oldest item; null when there is none, or all that were there have been taken by others meanwhile, and when it
  /// lies below `lowest`, a position().
  Item* steal(std::uint64_t lowest = 0) noexcept {
    std::uint64_t top = top_.load(std::memory_order_seq_cst);
    while (top < bottom_.load(std::memory_order_seq_cst) && top >= lowest) {
      // Should the owner have written over the slot, then top_ has moved on and the exchange fails.
      Item* item = slots_[top & mask].load(std::memory_order_relaxed);
      if (top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst)) return item;
    }
    return nullptr;
  }

  /// Whether there is nothing to take; of the past when it returns, unless the owner asks and it is true.
  bool empty() const noexcept {
    return top_.load(std::memory_order_seq_cst) >= bottom_.load(std::memory_order_seq_cst);
  }

  /// Whether steal(lowest) would find something; of the past when it returns.
  bool any_from(std::uint64_t lowest) const noexcept {
    const std::uint64_t top = top_.load(std::memory_order_seq_cst);
    return top >= lowest && top < bottom_.load(std::memory_order_seq_cst);
  }

  /// The number of the next item: what is pushed from now on is above it. The owner's.
  std::uint64_t position() const noexcept { return bottom_.load(std::memory_order_relaxed); }

  /// How many items there are; others may be taking them.
  std::size_t size() const noexcept {
    const std::uint64_t bottom = bottom_.load(std::memory_order_relaxed);
    const std::uint64_t top = top_.load(std::memory_order_relaxed);
    return top < bottom ? bottom - top : 0;
  }

 private:
  using Slot = typename Atomics::template Atomic<Item*>;
  static constexpr std::uint64_t mask = capacity - 1;

  alignas(cache_line) typename Atomics::template Atomic<std::uint64_t> bottom_{0};  // where the next goes; the owner's
  std::uint64_t top_seen_ = 0;                                                      // the owner's copy of top_
  alignas(cache_line) typename Atomics::template Atomic<std::uint64_t> top_{0};     // the oldest; who moves it has it
  alignas(cache_line) std::array<Slot, capacity> slots_;
};

}  // namespace psyne::inline v0
