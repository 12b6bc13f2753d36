#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

namespace psyne::inline v0 {

using Clock = std::chrono::steady_clock;

/// A point in time at which a wait ends; `no_deadline` never comes.
using Deadline = Clock::time_point;
inline constexpr Deadline no_deadline = Deadline::max();

/// Who may sleep on a word: threads of this process, or of every process that maps it.
enum class Sharing : std::uint8_t { process, machine };

/// How a sleep on a word ended. A sleeper looks again in every case; only a deadline that passed is worth telling
/// apart.
enum class Sleep : std::uint8_t { woken, timed_out };

/// What concurrent code is written against, so that the very same code runs in production and, with another policy of
/// the same shape, under the interleaving explorer of the tests.
///
/// There are no fences, because thread sanitizers do not know them. In their place stands one asymmetric pair, for the
/// store-then-load of both sides ("I published; do you sleep?" against "I sleep; did you publish?"):
///   light_barrier   hot side; orders nothing in hardware, keeps the compiler from moving the load up
///   heavy_barrier   cold side; a full barrier on every thread of every process that called join_barriers() first
/// Either of the two loads then sees the other side's store (membarrier(2), "expedited"). Where the kernel has no
/// membarrier, asymmetric_barriers() is false and light_barrier is a full barrier too.
struct StandardAtomics {
  template <class T>
  using Atomic = std::atomic<T>;
  using Thread = std::thread;  ///< spawned by its constructor, ended by join()
  using ThreadId = std::thread::id;
  static ThreadId this_thread() noexcept { return std::this_thread::get_id(); }

  /// Tells the core that this is a spin loop; where the CPU has it, waits some tens of nanoseconds.
  static void pause() noexcept;
  /// Lets another thread have this CPU, if one wants it.
  static void yield() noexcept { std::this_thread::yield(); }

  /// Makes this process one that heavy barriers of others reach. Idempotent, thread safe, again after fork().
  static void join_barriers() noexcept;
  static bool asymmetric_barriers() noexcept;
  static void light_barrier() noexcept {
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (!asymmetric_) [[unlikely]]
      full_barrier();
  }
  static void heavy_barrier() noexcept;
  static void full_barrier() noexcept;

  /// Sleeps while `word` holds `expected`, until woken or `deadline`; may return for no reason.
  static Sleep wait(const Atomic<std::uint32_t>& word, std::uint32_t expected, Sharing sharing,
                    Deadline deadline) noexcept;
  /// Wakes up to `count` sleepers on `word`. The word may lie in memory that this process can only read.
  static void wake(const Atomic<std::uint32_t>& word, std::uint32_t count, Sharing sharing) noexcept;

  static Clock::time_point now() noexcept { return Clock::now(); }
  /// The same to some milliseconds, for a fifth of the price (5 ns where now() takes 24).
  static Clock::time_point coarse_now() noexcept;

 private:
  static bool asymmetric_;  // written by the first join_barriers, before any thread relies on it
};

}  // namespace psyne::inline v0
