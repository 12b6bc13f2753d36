#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/pool/scheduler/priority.hpp>

#include <atomic>
#include <cstdint>

namespace psyne::inline v0 {

/// What a thread does of another's: for which wait, and from where on lies what it puts aside for that.
struct Errand {
  const void* of = nullptr;  ///< what is waited for, a fork, a scope, a team; null: nothing of another's
  Priority level = Priority::normal;
  std::uint64_t base = 0;   ///< of the deque of `level`: from here on lies what was put aside since
  std::uint64_t since = 0;  ///< how many errands its thread had begun, with this
  friend bool operator==(const Errand&, const Errand&) = default;
};

/// One errand that its thread sets and others read, both wait-free. Of two equal answers both were whole; one that was
/// read while another was set may be a mixture, and then the next differs from it.
template <class Atomics = StandardAtomics>
class ErrandSeen {
 public:
  Errand get() const noexcept {
    const void* const of = of_.load(std::memory_order_acquire);
    const std::uint64_t place = place_.load(std::memory_order_acquire);
    return {of, static_cast<Priority>(place % levels), place / levels, since_.load(std::memory_order_acquire)};
  }
  // Null first, so that who meets the old and the new mixed finds it changed when he looks again.
  void set(const Errand& errand) noexcept {
    of_.store(nullptr, std::memory_order_release);
    place_.store(errand.base * levels + static_cast<std::uint64_t>(errand.level), std::memory_order_release);
    since_.store(errand.since, std::memory_order_release);
    of_.store(errand.of, std::memory_order_release);
  }

 private:
  static constexpr std::uint64_t levels = 8;
  static_assert(priorities <= levels);
  typename Atomics::template Atomic<const void*> of_{nullptr};
  typename Atomics::template Atomic<std::uint64_t> place_{0};
  typename Atomics::template Atomic<std::uint64_t> since_{0};
};

}  // namespace psyne::inline v0
