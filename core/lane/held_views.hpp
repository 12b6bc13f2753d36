#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/atomics/cache_line.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace psyne::inline v0 {

/// The views of one lane that the program holds: given out in order by the reader's thread, released in any order by
/// any thread, each once. What is released from the oldest on is folded into one position, which the lane publishes.
///
///   hold, none, full   the reader's thread   wait-free
///   release            any thread            lock-free but once: whoever finds no other folding folds for all
///   close              the reader's thread   as release
///
/// Mostly views are released by the thread that was given them. As long as no other releases any, that one, the owner,
/// folds by plain stores: two locked instructions less, 15 % of what a published message of 16 B cost. The first other
/// that comes shares this for ever: it waits until the owner is not folding, which is told as by Gate.
///
/// Shared, a release marks its slot, then counts itself. The one that finds the count at zero folds, until the count
/// shows that nobody came meanwhile, so no release is left unfolded and nobody waits. Counting is a releaser's last
/// access, so once all that were given out have counted, nobody will touch this object again: that is when finished()
/// is told (see close()).
template <class Atomics = StandardAtomics>
class HeldViews {
 public:
  /// `most`: a power of two.
  explicit HeldViews(std::size_t most) : mask_(most - 1), slots_(std::make_unique<Slot[]>(most)) {}

  /// Nothing is held: all that was given out is released, folded and published.
  bool none() const noexcept { return folded_.load(std::memory_order_acquire) == issued_; }
  bool full() const noexcept { return issued_ - folded_.load(std::memory_order_acquire) > mask_; }

  /// A view that ends at `end` is given out; returns the number to release it by. Not when full().
  std::uint32_t hold(std::uint64_t end) noexcept {
    if (issued_ == 0) [[unlikely]]
      owner_ = Atomics::this_thread();  // nobody else has a view yet by which to come here
    slots_[issued_ & mask_].end = end;
    return static_cast<std::uint32_t>(issued_++ & mask_);
  }

  /// `publish(end)`: everything before `end` is released; called by one thread at a time, with growing ends.
  /// Returns true when this was the last access of all: closed, and everything released.
  template <class Publish>
  [[nodiscard]] bool release(std::uint32_t view, Publish&& publish) noexcept {
    slots_[view].released.store(true, std::memory_order_release);
    if (owner_ != Atomics::this_thread()) [[unlikely]] {
      share();
    } else if (fold_alone(publish)) [[likely]] {
      return false;
    }
    return count(publish);
  }

  /// No more views are given out. Returns true when none is held, else the last release() will. After true, the object
  /// (and what it guards) may go.
  [[nodiscard]] bool close() noexcept {
    closed_.store(true, std::memory_order_release);
    if (issued_ != 0) share();
    return count([](std::uint64_t) {});
  }

 private:
  struct Slot {
    std::uint64_t end = 0;
    typename Atomics::template Atomic<bool> released{false};
  };

  // The owner. Says that it is folding, then looks whether somebody shares; share() says so, then looks whether it is
  // folding; a light and a heavy barrier between let one of the two see the other.
  template <class Publish>
  bool fold_alone(Publish&& publish) noexcept {
    folding_.store(1, std::memory_order_relaxed);
    Atomics::light_barrier();
    const bool alone = sharing_.load(std::memory_order_acquire) == 0;
    if (alone) {
      fold(publish);
      ++counted_;
    }
    folding_.store(0, std::memory_order_release);  // who sees it sees what was folded
    return alone;
  }

  void share() noexcept {
    if (sharing_.load(std::memory_order_acquire) == shared) return;
    // Over `shared` of another that came here too: the owner takes both for the same.
    sharing_.store(asked, std::memory_order_relaxed);
    Atomics::heavy_barrier();
    while (folding_.load(std::memory_order_acquire) != 0) Atomics::yield();
    sharing_.store(shared, std::memory_order_release);
  }

  template <class Publish>
  bool count(Publish&& publish) noexcept {
    // acq_rel: the folder sees the marks of all whom it counts, and hands its own fold to the next folder.
    if (waiting_.fetch_add(1, std::memory_order_acq_rel) != 0) return false;
    for (;;) {
      // First, so that whatever is counted off below has been folded, and, where close() is in it, is known to be
      // closed.
      const std::uint32_t seen = waiting_.load(std::memory_order_acquire);
      fold(publish);
      const bool closed = closed_.load(std::memory_order_acquire);
      counted_ += seen;
      // When closed, `issued_` no longer changes, and close() counted once as well.
      const bool all = closed && counted_ == issued_ + 1;
      if (waiting_.fetch_sub(seen, std::memory_order_acq_rel) == seen) return all;
    }
  }

  template <class Publish>
  void fold(Publish&& publish) noexcept {
    std::uint64_t folded = folded_.load(std::memory_order_relaxed);
    const std::uint64_t before = folded;
    std::uint64_t end = 0;
    for (;; ++folded) {
      Slot& slot = slots_[folded & mask_];
      if (!slot.released.load(std::memory_order_acquire)) break;
      slot.released.store(false, std::memory_order_relaxed);
      end = slot.end;
    }
    if (folded == before) return;
    publish(end);
    // After publish: the reader's thread, which publishes directly when none() are held, must not be overtaken by us.
    folded_.store(folded, std::memory_order_release);
  }

  static constexpr std::uint32_t asked = 1;
  static constexpr std::uint32_t shared = 2;

  const std::size_t mask_;
  const std::unique_ptr<Slot[]> slots_;
  std::uint64_t issued_ = 0;  // the reader's thread; read by others only after closed_
  alignas(cache_line) typename Atomics::template Atomic<std::uint64_t> folded_{0};
  typename Atomics::template Atomic<std::uint32_t> waiting_{0};  // releases that no folder has counted yet
  typename Atomics::template Atomic<bool> closed_{false};
  std::uint64_t counted_ = 0;                                    // the folder
  typename Atomics::ThreadId owner_{};                           // since the first view
  typename Atomics::template Atomic<std::uint32_t> folding_{0};  // the owner, alone
  typename Atomics::template Atomic<std::uint32_t> sharing_{0};
};

}  // namespace psyne::inline v0
