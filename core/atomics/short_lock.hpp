#pragma once

#include <psyne/core/atomics/atomics.hpp>

#include <cstdint>

namespace psyne::inline v0 {

/// Mutual exclusion for a few instructions: the links of a list, the root of a heap. Four bytes.
///
///   lock, unlock   any thread; one read-modify-write each while nobody competes
///
/// Never held over a call of foreign code, an allocation or a system call other than its own wake, so a holder leaves
/// within nanoseconds unless it is preempted; for that case waiters sleep after a short spin. Not recursive, not fair.
/// In a forked child a lock that another thread held stays held: objects from before the fork are not used there.
///
/// The three states are Drepper's, "Futexes Are Tricky" (2011), mutex 2.
template <class Atomics = StandardAtomics, int spins = 40>
class ShortLock {
 public:
  ShortLock() noexcept = default;
  ShortLock(const ShortLock&) = delete;
  ShortLock& operator=(const ShortLock&) = delete;

  void lock() noexcept {
    std::uint32_t seen = free;
    if (state_.compare_exchange_strong(seen, held, std::memory_order_acquire, std::memory_order_relaxed)) return;
    for (int turn = 0; turn < spins; ++turn) {
      Atomics::pause();
      seen = free;
      if (state_.load(std::memory_order_relaxed) == free &&
          state_.compare_exchange_strong(seen, held, std::memory_order_acquire, std::memory_order_relaxed)) {
        return;
      }
    }
    // Whoever slept once takes the lock as contended: he cannot know whether others still sleep.
    while (state_.exchange(contended, std::memory_order_acquire) != free) {
      static_cast<void>(Atomics::wait(state_, contended, Sharing::process, no_deadline));
    }
  }

  void unlock() noexcept {
    if (state_.exchange(free, std::memory_order_release) == contended) Atomics::wake(state_, 1, Sharing::process);
  }

 private:
  static constexpr std::uint32_t free = 0, held = 1, contended = 2;

  typename Atomics::template Atomic<std::uint32_t> state_{free};
};

}  // namespace psyne::inline v0
