#pragma once

#include <psyne/core/atomics/atomics.hpp>

#include <cstring>
#include <functional>
#include <type_traits>
#include <utility>

#include <explorer/execution.hpp>

namespace psyne::explorer {

/// An atomic of an execution, which knows it by its address. As large and as aligned as std::atomic<T>: it holds the
/// newest value, for whoever looks at the bytes. It may lie in memory where it was never constructed, and where others
/// write bytes over it (words of a lane): it has then what the bytes say.
template <class T>
class ExploredAtomic {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(std::uint64_t));

 public:
  using value_type = T;
  static constexpr bool is_always_lock_free = true;

  ExploredAtomic() noexcept : ExploredAtomic(T{}) {}
  ExploredAtomic(T value) noexcept : value_(value) { Execution::current().add_atomic(place()); }
  ~ExploredAtomic() { Execution::current().remove_atomic(place()); }
  ExploredAtomic(const ExploredAtomic&) = delete;
  ExploredAtomic& operator=(const ExploredAtomic&) = delete;

  T load(std::memory_order order = std::memory_order_seq_cst) const noexcept {
    return cooked(Execution::current().load(place(), order));
  }
  operator T() const noexcept { return load(); }
  void store(T value, std::memory_order order = std::memory_order_seq_cst) noexcept {
    Execution::current().store(place(), raw(value), order);
  }
  T operator=(T value) noexcept {
    store(value);
    return value;
  }
  T exchange(T value, std::memory_order order = std::memory_order_seq_cst) noexcept {
    return modify([&](T) { return value; }, order);
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order success, std::memory_order failure) noexcept {
    return compare_exchange(expected, desired, success, failure, true);
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order order = std::memory_order_seq_cst) noexcept {
    return compare_exchange(expected, desired, order, on_failure(order), true);
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order success, std::memory_order failure) noexcept {
    return compare_exchange(expected, desired, success, failure, false);
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order order = std::memory_order_seq_cst) noexcept {
    return compare_exchange(expected, desired, order, on_failure(order), false);
  }
  T fetch_add(T value, std::memory_order order = std::memory_order_seq_cst) noexcept {
    return modify([&](T before) { return static_cast<T>(before + value); }, order);
  }
  T fetch_sub(T value, std::memory_order order = std::memory_order_seq_cst) noexcept {
    return modify([&](T before) { return static_cast<T>(before - value); }, order);
  }
  T fetch_and(T value, std::memory_order order = std::memory_order_seq_cst) noexcept {
    return modify([&](T before) { return static_cast<T>(before & value); }, order);
  }
  T fetch_or(T value, std::memory_order order = std::memory_order_seq_cst) noexcept {
    return modify([&](T before) { return static_cast<T>(before | value); }, order);
  }
  T fetch_xor(T value, std::memory_order order = std::memory_order_seq_cst) noexcept {
    return modify([&](T before) { return static_cast<T>(before ^ value); }, order);
  }

  Place place() const noexcept { return {&value_, sizeof value_}; }

 private:
  static constexpr std::memory_order on_failure(std::memory_order order) noexcept {
    if (order == std::memory_order_acq_rel) return std::memory_order_acquire;
    return order == std::memory_order_release ? std::memory_order_relaxed : order;
  }
  static std::uint64_t raw(T value) noexcept {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof value);
    return bits;
  }
  static T cooked(std::uint64_t bits) noexcept {
    T value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }
  template <class Next>
  T modify(const Next& next, std::memory_order order) noexcept {
    return cooked(Execution::current().modify(
        place(), [&](std::uint64_t bits) { return raw(next(cooked(bits))); }, order));
  }
  bool compare_exchange(T& expected, T desired, std::memory_order success, std::memory_order failure,
                        bool weak) noexcept {
    std::uint64_t bits = raw(expected);
    const bool exchanged = Execution::current().compare_exchange(place(), bits, raw(desired), success, failure, weak);
    if (!exchanged) expected = cooked(bits);
    return exchanged;
  }

  T value_;
};

/// Of the shape of std::thread.
class ExploredThread {
 public:
  ExploredThread() = default;
  template <class Body, class... Arguments>
  explicit ExploredThread(Body&& body, Arguments&&... arguments)
      : number_(
            Execution::current().spawn(std::bind(std::forward<Body>(body), std::forward<Arguments>(arguments)...))) {}
  ExploredThread(ExploredThread&& other) noexcept : number_(std::exchange(other.number_, 0)) {}
  ExploredThread& operator=(ExploredThread&& other) noexcept {
    number_ = std::exchange(other.number_, 0);
    return *this;
  }
  bool joinable() const noexcept { return number_ != 0; }
  void join() { Execution::current().join(std::exchange(number_, 0)); }

 private:
  Execution::Number number_ = 0;
};

/// StandardAtomics, explored: the policy for everything that explore() runs.
struct ExplorerAtomics {
  template <class T>
  using Atomic = ExploredAtomic<T>;
  using Thread = ExploredThread;
  using ThreadId = Execution::Number;

  static ThreadId this_thread() noexcept { return Execution::current().thread(); }
  static void pause() noexcept { Execution::current().give_way(); }
  static void yield() noexcept { Execution::current().give_way(); }

  static void join_barriers() noexcept {}
  static void light_barrier() noexcept { Execution::current().light_barrier(); }
  static void heavy_barrier() noexcept { Execution::current().heavy_barrier(); }
  static void full_barrier() noexcept { Execution::current().full_barrier(); }
  static bool asymmetric_barriers() noexcept { return Execution::current().asymmetric_barriers(); }

  static Sleep wait(const Atomic<std::uint32_t>& word, std::uint32_t expected, Sharing sharing,
                    Deadline deadline) noexcept {
    return Execution::current().wait(word.place(), expected, sharing, deadline);
  }
  static void wake(const Atomic<std::uint32_t>& word, std::uint32_t count, Sharing sharing) noexcept {
    Execution::current().wake(word.place(), count, sharing);
  }

  static Clock::time_point now() noexcept { return Execution::current().now(); }
  static Clock::time_point coarse_now() noexcept { return now(); }
};

}  // namespace psyne::explorer
