#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/park/blocking_observer.hpp>
#include <psyne/core/park/patience.hpp>

#include <atomic>
#include <cstdint>

namespace psyne::inline v0 {

/// Lets one thread sleep until a condition of the caller's holds, and any number of others wake it.
///
///   wait                                one thread at a time (the sleeper)     blocks
///   prepare, cancel, commit             the sleeper; commit blocks, the others make one system call at most
///   wake, claim                         any thread that stored to the condition before     one load when nobody sleeps
///
/// The condition is any set of atomics. A waker stores to it (release, if it publishes data) and then calls wake(); the
/// sleeper looks at it (acquire). No wake is lost:
///   waker:    store condition;   light_barrier;  load asleep_
///   sleeper:  store asleep_ = 1; heavy_barrier;  load condition
/// The two barriers are a pair of Atomics, so one of the loads sees the other side's store: either the waker finds the
/// sleeper announced, or the sleeper finds the condition true and does not sleep. Between recheck and sleep the kernel
/// compares asleep_ with 1 once more, so a waker that took the announcement in between is not missed either.
/// A waker takes the announcement by an exchange, so of many wakers one makes the system call. Its release pairs with
/// the sleeper's acquire in commit: what the waker stored before, the sleeper's next look sees without a barrier.
///
/// A wake may come for nothing (an old waker's, late), so commit's caller looks again. Wakes are not counted: one that
/// finds nobody announced leaves no trace.
///
/// With Sharing::machine it may lie in memory that several processes map at different addresses and all may write, and
/// each of them must have joined barriers. Shut-down: make the condition true and wake; nobody may call wake, nor be in
/// it, when the memory goes.
template <class Atomics = StandardAtomics>
class Parker {
 public:
  explicit Parker(Sharing sharing = Sharing::process) noexcept : sharing_(sharing) {}
  Parker(const Parker&) = delete;
  Parker& operator=(const Parker&) = delete;

  /// Returns true once `ready()`, false when it was still not ready after `deadline`; in either case ready() was looked
  /// at once at least. `ready` is called often and only on this thread. May be late by what `patience` looks.
  template <class Ready>
  bool wait(Ready&& ready, Deadline deadline = no_deadline, const Patience& patience = {}) {
    if (ready()) return true;
    if (deadline != no_deadline && Atomics::now() >= deadline) return false;
    if (look_patiently<Atomics>(ready, deadline, patience)) return true;
    for (;;) {
      prepare();
      if (ready()) {
        cancel();
        return true;
      }
      const Sleep slept = commit(deadline);
      if (ready()) return true;
      if (slept == Sleep::timed_out) return false;
    }
  }

  /// Announces the sleeper. Look at the condition now, then cancel() or commit(); or sleep elsewhere, such as in epoll,
  /// where the waker reaches you after claim().
  void prepare() noexcept {
    asleep_.store(1, std::memory_order_relaxed);
    Atomics::heavy_barrier();
  }

  /// Takes the announcement back. True when a waker had it already: where claim() leads to a descriptor's being
  /// written, that descriptor is, or will be, readable.
  bool cancel() noexcept { return asleep_.exchange(0, std::memory_order_acquire) == 0; }

  /// Sleeps until a waker took the announcement or `deadline` came; no announcement stands afterwards.
  Sleep commit(Deadline deadline) noexcept {
    Sleep slept = Sleep::woken;
    while (slept == Sleep::woken && asleep_.load(std::memory_order_acquire) == 1) {
      const Blocking blocking;
      slept = Atomics::wait(asleep_, 1, sharing_, deadline);
    }
    return slept == Sleep::woken || cancel() ? Sleep::woken : Sleep::timed_out;
  }

  /// Wakes the sleeper, if there is one.
  void wake() noexcept {
    if (claim()) Atomics::wake(asleep_, 1, sharing_);
  }

  /// True when a sleeper was announced: it now is the caller's duty, and only his, to wake it, by whatever it sleeps
  /// on.
  bool claim() noexcept {
    Atomics::light_barrier();
    if (asleep_.load(std::memory_order_relaxed) == 0) return false;
    return asleep_.exchange(0, std::memory_order_release) == 1;
  }

 private:
  typename Atomics::template Atomic<std::uint32_t> asleep_{
      0};  // 1: announced; the sleeper sets it, who wakes clears it
  const Sharing sharing_;
};

}  // namespace psyne::inline v0
