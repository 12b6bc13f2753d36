#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/park/blocking_observer.hpp>
#include <psyne/core/park/patience.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>
#include <utility>

namespace psyne::inline v0 {

/// Lets any number of threads (65535 at most) sleep until a condition of the caller's holds, and others wake as many of
/// them as have something to do.
///
///   await, commit          any thread     blocks
///   prepare, cancel        any thread     lock-free
///   wake, wake_all         any thread that stored to the condition before     one load when nobody sleeps
///
/// All sleepers wait for the same thing (work in any queue of a pool); with different ones, only wake_all is right.
/// To sleep: prepare, look at the condition, then commit or cancel; after commit look again.
///
/// One word holds how many threads are waiting (prepared or asleep) and how many signals they have been given and not
/// yet taken; signals <= waiting always. wake(n) gives signals to as many as have none and wakes that many; who leaves
/// commit takes a signal with him, or leaves at the deadline, in one step, when there is none. So n wakes make n
/// threads look, not all, and while the woken are on their way further wakes of the same threads cost no system call.
///
/// No wake is lost. As in Parker, prepare's store and heavy_barrier against the waker's store and light_barrier let one
/// of the two see the other. A thread goes to sleep only while there is no signal (the kernel compares the word), so a
/// signal that was given finds either a thread awake that takes it before it can sleep, or one asleep, which the
/// waker's system call wakes and which takes it before it does anything else. cancel() leaves signals to the others
/// unless all who wait have one; it was not asleep, so no system call was spent on it. Taking a signal acquires what
/// its giver released. Who takes one and goes without having looked at the condition, passes it on by wake(1).
///
/// With Sharing::machine it may lie in memory that several processes map and all may write; one that dies while it
/// waits leaves its entry behind, which costs the wakers system calls and can swallow wakes: not for peers that may
/// die. Shut-down: make the condition true, wake_all, and wait for the sleepers to be gone.
template <class Atomics = StandardAtomics>
class EventCount {
 public:
  /// One thread's place among those who wait; going out of scope cancels it.
  class [[nodiscard]] Ticket {
   public:
    Ticket(Ticket&& other) noexcept : events_(std::exchange(other.events_, nullptr)) {}
    Ticket& operator=(Ticket&&) = delete;
    ~Ticket() {
      if (events_ != nullptr) events_->leave();
    }

   private:
    friend class EventCount;
    explicit Ticket(EventCount& events) noexcept : events_(&events) {}
    EventCount* events_;
  };

  explicit EventCount(Sharing sharing = Sharing::process) noexcept : sharing_(sharing) {}
  EventCount(const EventCount&) = delete;
  EventCount& operator=(const EventCount&) = delete;

  /// Returns true once `ready()`, false when it was still not ready after `deadline`; in either case ready() was looked
  /// at once at least. May be late by what `patience` looks.
  template <class Ready>
  bool await(Ready&& ready, Deadline deadline = no_deadline, const Patience& patience = {}) {
    if (ready()) return true;
    if (deadline != no_deadline && Atomics::now() >= deadline) return false;
    if (look_patiently<Atomics>(ready, deadline, patience)) return true;
    for (;;) {
      Ticket ticket = prepare();
      if (ready()) return true;
      const Sleep slept = commit(std::move(ticket), deadline);
      if (ready()) return true;
      if (slept == Sleep::timed_out) return false;
    }
  }

  /// Announces the caller as waiting.
  Ticket prepare() noexcept {
    state_.fetch_add(one_waiting, std::memory_order_relaxed);
    Atomics::heavy_barrier();
    return Ticket(*this);
  }

  void cancel(Ticket ticket) noexcept { static_cast<void>(ticket); }

  /// Sleeps until woken or until `deadline`. Spends the ticket.
  Sleep commit(Ticket ticket, Deadline deadline = no_deadline) noexcept {
    ticket.events_ = nullptr;
    bool late = false;
    for (;;) {
      std::uint32_t state = state_.load(std::memory_order_relaxed);
      if (signals(state) != 0) {
        if (replace(state, state - one_waiting - one_signal)) return Sleep::woken;
      } else if (late) {
        if (replace(state, state - one_waiting)) return Sleep::timed_out;
      } else {
        const Blocking blocking;
        late = Atomics::wait(state_, state, sharing_, deadline) == Sleep::timed_out;
      }
    }
  }

  /// Wakes up to `count` of those who wait and have not been woken yet.
  void wake(std::uint32_t count = 1) noexcept {
    if (count == 0) return;
    Atomics::light_barrier();
    std::uint32_t state = state_.load(std::memory_order_relaxed);
    while (waiting(state) > signals(state)) {
      const std::uint32_t given = std::min(count, waiting(state) - signals(state));
      if (replace(state, state + given * one_signal)) return Atomics::wake(state_, given, sharing_);
    }
  }

  void wake_all() noexcept { wake(std::numeric_limits<std::uint32_t>::max()); }

 private:
  static constexpr std::uint32_t one_signal = 1;
  static constexpr std::uint32_t one_waiting = 1U << 16U;
  static constexpr std::uint32_t signals(std::uint32_t state) noexcept { return state & (one_waiting - 1); }
  static constexpr std::uint32_t waiting(std::uint32_t state) noexcept { return state >> 16U; }

  /// One step from what was seen; sets `seen` anew when another was faster. Release: a giver of signals publishes what
  /// he stored before, and every later step of the word keeps that release alive for whoever takes the signal.
  bool replace(std::uint32_t& seen, std::uint32_t next) noexcept {
    return state_.compare_exchange_weak(seen, next, std::memory_order_acq_rel, std::memory_order_relaxed);
  }

  void leave() noexcept {
    std::uint32_t state = state_.load(std::memory_order_relaxed);
    while (!replace(state, state - one_waiting - (waiting(state) == signals(state) ? one_signal : 0))) {
    }
  }

  typename Atomics::template Atomic<std::uint32_t> state_{0};
  const Sharing sharing_;
};

}  // namespace psyne::inline v0
