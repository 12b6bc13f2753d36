#pragma once

#include <psyne/core/atomics/atomics.hpp>

#include <cstdint>

namespace psyne::inline v0 {

/// Decides who resumes a coroutine that waits for one of several things, each of which may come at any moment, before
/// the coroutine is suspended as well.
///
///   arm       the coroutine's thread, once, when all is set up and suspension is complete     wait-free
///   trigger   any thread, any number of times                                                 wait-free
///
/// Of all calls exactly one must see to it that the coroutine goes on: the first trigger() that comes after arm(), or
/// arm() itself if a trigger came before. Whoever is not that one must not touch the coroutine afterwards. What was
/// written before a trigger is seen by the coroutine.
template <class Atomics = StandardAtomics>
class ResumeGate {
 public:
  /// True: stay suspended, somebody will resume. False: triggered already, go on at once.
  [[nodiscard]] bool arm() noexcept {
    std::uint32_t seen = open;
    // Release: the coroutine's frame before whoever resumes it; acquire: what the trigger left before going on.
    return phase_.compare_exchange_strong(seen, armed, std::memory_order_acq_rel, std::memory_order_acquire);
  }

  /// True for the one who must resume the coroutine.
  [[nodiscard]] bool trigger() noexcept { return phase_.exchange(triggered, std::memory_order_acq_rel) == armed; }

 private:
  static constexpr std::uint32_t open = 0, armed = 1, triggered = 2;
  typename Atomics::template Atomic<std::uint32_t> phase_{open};
};

}  // namespace psyne::inline v0
