#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/park/blocking_observer.hpp>

#include <atomic>
#include <cstdint>

namespace psyne::inline v0 {

/// Tokens that are given by some threads and taken by others, who sleep while there are none.
///
///   give    any thread     one system call while somebody sleeps, else none
///   take    any thread     blocks
///
/// Every token is taken once; who takes it acquires what its giver released. Unlike an EventCount it remembers what
/// was given before anybody came, so it suits those whose count of sleepers is kept elsewhere: one token for each that
/// was counted out. Nobody may be in give() when the memory goes.
template <class Atomics = StandardAtomics>
class Semaphore {
 public:
  Semaphore() noexcept = default;
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;

  void give(std::uint32_t tokens = 1) noexcept {
    tokens_.fetch_add(tokens, std::memory_order_seq_cst);
    // Either this sees the sleeper, or the kernel, which looks at tokens_ after that was announced, sees the tokens.
    if (sleepers_.load(std::memory_order_seq_cst) != 0) Atomics::wake(tokens_, tokens, Sharing::process);
  }

  /// Sleeps until it has taken a token, or until `deadline`: then it has taken none.
  Sleep take(Deadline deadline = no_deadline) noexcept {
    for (;;) {
      for (std::uint32_t seen = tokens_.load(std::memory_order_relaxed); seen != 0;) {
        if (tokens_.compare_exchange_weak(seen, seen - 1, std::memory_order_acquire, std::memory_order_relaxed)) {
          return Sleep::woken;
        }
      }
      sleepers_.fetch_add(1, std::memory_order_seq_cst);
      const Sleep slept = sleep(deadline);
      sleepers_.fetch_sub(1, std::memory_order_relaxed);
      if (slept == Sleep::timed_out && tokens_.load(std::memory_order_relaxed) == 0) return slept;
    }
  }

 private:
  Sleep sleep(Deadline deadline) noexcept {
    const Blocking blocking;
    return Atomics::wait(tokens_, 0, Sharing::process, deadline);
  }

  typename Atomics::template Atomic<std::uint32_t> tokens_{0};
  typename Atomics::template Atomic<std::uint32_t> sleepers_{0};
};

}  // namespace psyne::inline v0
