#pragma once

#include <explorer/atomics.hpp>

namespace psyne::explorer {

// Policies that break one promise each, to prove that the exploration of a structure would notice.

inline std::memory_order without_release(std::memory_order order) noexcept {
  if (order == std::memory_order_release) return std::memory_order_relaxed;
  return order == std::memory_order_acq_rel ? std::memory_order_acquire : order;
}

inline std::memory_order without_acquire(std::memory_order order) noexcept {
  if (order == std::memory_order_acquire) return std::memory_order_relaxed;
  return order == std::memory_order_acq_rel ? std::memory_order_release : order;
}

inline std::memory_order without_sequential(std::memory_order order) noexcept {
  return order == std::memory_order_seq_cst ? std::memory_order_acq_rel : order;
}

inline std::memory_order sequential_relaxed(std::memory_order order) noexcept {
  return order == std::memory_order_seq_cst ? std::memory_order_relaxed : order;
}

template <class T, std::memory_order (*weaken)(std::memory_order)>
class WeakenedAtomic : public ExploredAtomic<T> {
  using Whole = ExploredAtomic<T>;

 public:
  using Whole::Whole;
  using Whole::operator=;
  T load(std::memory_order order) const noexcept { return Whole::load(weaken(order)); }
  void store(T value, std::memory_order order) noexcept { Whole::store(value, weaken(order)); }
  T exchange(T value, std::memory_order order) noexcept { return Whole::exchange(value, weaken(order)); }
  T fetch_add(T value, std::memory_order order) noexcept { return Whole::fetch_add(value, weaken(order)); }
  T fetch_sub(T value, std::memory_order order) noexcept { return Whole::fetch_sub(value, weaken(order)); }
  T fetch_and(T value, std::memory_order order) noexcept { return Whole::fetch_and(value, weaken(order)); }
  T fetch_or(T value, std::memory_order order) noexcept { return Whole::fetch_or(value, weaken(order)); }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order success, std::memory_order failure) noexcept {
    return Whole::compare_exchange_weak(expected, desired, weaken(success), weaken(failure));
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order success, std::memory_order failure) noexcept {
    return Whole::compare_exchange_strong(expected, desired, weaken(success), weaken(failure));
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order order) noexcept {
    return Whole::compare_exchange_weak(expected, desired, weaken(order));
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order order) noexcept {
    return Whole::compare_exchange_strong(expected, desired, weaken(order));
  }
};

struct ReleaseMissing : ExplorerAtomics {
  template <class T>
  using Atomic = WeakenedAtomic<T, without_release>;
};

struct AcquireMissing : ExplorerAtomics {
  template <class T>
  using Atomic = WeakenedAtomic<T, without_acquire>;
};

struct SequentialMissing : ExplorerAtomics {
  template <class T>
  using Atomic = WeakenedAtomic<T, without_sequential>;
};

struct SequentialRelaxed : ExplorerAtomics {
  template <class T>
  using Atomic = WeakenedAtomic<T, sequential_relaxed>;
};

struct LightBarrierMissing : ExplorerAtomics {
  static void light_barrier() noexcept {}
};

struct HeavyBarrierMissing : ExplorerAtomics {
  static void heavy_barrier() noexcept {}
};

struct WakeMissing : ExplorerAtomics {
  static void wake(const Atomic<std::uint32_t>&, std::uint32_t, Sharing) noexcept {}
};

/// Every exchange says that it found nothing: whoever takes a turn by one gets it.
struct ExchangeAlwaysWins : ExplorerAtomics {
  template <class T>
  struct Atomic : ExploredAtomic<T> {
    using ExploredAtomic<T>::ExploredAtomic;
    T exchange(T value, std::memory_order order) noexcept {
      ExploredAtomic<T>::exchange(value, order);
      return T{};
    }
  };
};

/// Wakes one where several were asked for.
struct WakeOfOneOnly : ExplorerAtomics {
  static void wake(const Atomic<std::uint32_t>& word, std::uint32_t count, Sharing sharing) noexcept {
    ExplorerAtomics::wake(word, count > 0 ? 1 : 0, sharing);
  }
};

}  // namespace psyne::explorer
