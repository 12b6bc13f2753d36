#pragma once

#include <explorer/atomics.hpp>

namespace psyne::explorer {

/// What an InjectionQueue could get wrong.
enum class InjectionBug : std::uint8_t {
  none,
  clears_without_looking,  ///< the bit of an empty level is cleared for good, whatever came meanwhile
  looks_before_clearing,   ///< looks once more, but before it clears
  sets_too_early,          ///< who pushes looks at the bit before the entry is published
  pushed_too_early,        ///< a push ends before its bit is set
  closes_without_waiting,  ///< close() does not wait for a push under way
  closes_without_barrier,  ///< close() does not make sure that pushes see it
  two_in_turn,             ///< two take at once
};

/// InjectionQueue once more, as small as it goes: one level, one producer, entries are counted; with a bug at choice.
template <InjectionBug bug>
class MutatedInjectionQueue {
  using Bug = InjectionBug;

 public:
  bool push() {
    pushing_.store(true, std::memory_order_relaxed);
    ExplorerAtomics::light_barrier();
    const bool pushed = !closed_.load(std::memory_order_relaxed);
    const bool seen = bug == Bug::sets_too_early && waiting_.load();
    if (pushed) published_.store(published_.load(std::memory_order_relaxed) + 1);
    if constexpr (bug == Bug::pushed_too_early) pushing_.store(false, std::memory_order_release);
    if (pushed && !(bug == Bug::sets_too_early ? seen : waiting_.load())) waiting_.store(true);
    pushing_.store(false, std::memory_order_release);
    return pushed;
  }

  bool any() {
    if (!waiting_.load()) return false;
    if (left() != 0) return true;
    const bool early = left() != 0;
    waiting_.store(false);
    if (bug == Bug::clears_without_looking || !(bug == Bug::looks_before_clearing ? early : left() != 0)) return false;
    waiting_.store(true);
    return true;
  }

  std::uint32_t take() {
    if (!waiting_.load() || left() == 0) return 0;
    if (bug != Bug::two_in_turn && turn_.exchange(true, std::memory_order_acquire)) return 0;
    const std::uint32_t taken = taken_.load(std::memory_order_relaxed);
    const std::uint32_t count = published_.load(std::memory_order_acquire) - taken;
    taken_.store(taken + count);
    turn_.store(false, std::memory_order_release);
    return count;
  }

  void close() {
    closed_.store(true);
    if constexpr (bug != Bug::closes_without_barrier) ExplorerAtomics::heavy_barrier();
    while (bug != Bug::closes_without_waiting && pushing_.load(std::memory_order_acquire)) ExplorerAtomics::yield();
  }

 private:
  std::uint32_t left() {
    const std::uint32_t taken = taken_.load();
    return published_.load() - taken;
  }

  ExplorerAtomics::Atomic<std::uint32_t> published_{0}, taken_{0};
  ExplorerAtomics::Atomic<bool> waiting_{false}, pushing_{false}, turn_{false}, closed_{false};
};

}  // namespace psyne::explorer
