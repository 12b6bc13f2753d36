#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/atomics/short_lock.hpp>
#include <psyne/core/timer/timer_heap.hpp>

#include <cstddef>
#include <mutex>

namespace psyne::inline v0 {

/// Timers, and nobody's thread: whoever drives it sleeps until next_deadline() and then calls expire(). It reads no
/// clock, so the time may be real or a simulation's.
///
///   add, cancel       any thread     O(log n), no allocation
///   next_deadline     any thread     one load
///   posting           any thread     O(1)
///   expire            one thread at a time     O(log n) for each that is due, then posts it without a lock
///
/// A timer posts its work to its executor and does nothing else: so that may be what destroys other timers, or waits
/// for who destroys some. Must be empty when destroyed.
template <class Atomics = StandardAtomics>
class TimerQueue {
 public:
  TimerQueue() noexcept = default;
  TimerQueue(const TimerQueue&) = delete;
  TimerQueue& operator=(const TimerQueue&) = delete;

  /// `timer` must wait in no queue. True when it is now the first to fire: then whoever sleeps until next_deadline()
  /// must be woken to look again. One with `no_deadline` waits to be cancelled.
  [[nodiscard]] bool add(Timer& timer, Deadline deadline) noexcept {
    const std::lock_guard guard(lock_);
    timer.deadline_ = deadline;
    timer.order_ = ++added_;
    heap_.push(timer);
    publish();
    return heap_.first() == &timer;
  }

  /// True when `timer` was waiting and now never fires. False when it was not waiting: if it had been added, its work
  /// has been posted or is just being posted, and must run before the timer or the work may go.
  bool cancel(Timer& timer) noexcept {
    const std::lock_guard guard(lock_);
    if (!TimerHeap::holds(timer)) return false;
    (due_.first() == &timer ? due_ : heap_).remove(timer);  // where it is no root it is the same
    publish();
    return true;
  }

  /// Whether the work of `timer` is just being posted.
  bool posting(const Timer& timer) noexcept {
    const std::lock_guard guard(lock_);
    return posting_ == &timer;
  }

  /// When the first fires; `no_deadline` when none waits.
  Deadline next_deadline() const noexcept { return Deadline(Clock::duration(next_.load(std::memory_order_relaxed))); }

  /// Posts the work of every timer whose deadline is `now` or before, the earliest first, unless it is cancelled before
  /// its turn, and says how many they were. What is added meanwhile waits for the next call, so this always ends.
  /// `posted` is called after each, which posting() does not name any more.
  template <class Posted>
  std::size_t expire(Deadline now, Posted&& posted) noexcept {
    if (next_deadline() > now) return 0;
    set_due(now);
    std::size_t count = 0;
    for (Timer* due = take_due(); due != nullptr; due = take_due(), ++count) {
      due->executor_->post(*due->work_);  // may destroy the timer, or add it again
      {
        const std::lock_guard guard(lock_);
        posting_ = nullptr;
      }
      posted();
    }
    return count;
  }
  std::size_t expire(Deadline now) noexcept {
    return expire(now, [] {});
  }

 private:
  void set_due(Deadline now) noexcept {
    const std::lock_guard guard(lock_);
    while (heap_.first() != nullptr && heap_.first()->deadline_ <= now) {
      Timer& due = *heap_.first();
      heap_.remove(due);
      due_.push(due);
    }
    publish();
  }

  // From here on it has fired.
  Timer* take_due() noexcept {
    const std::lock_guard guard(lock_);
    posting_ = due_.first();
    if (posting_ != nullptr) due_.remove(*posting_);
    return posting_;
  }

  // Relaxed: a hint of when to look. Who looks too early finds nothing due; add() tells the one who might be too late.
  void publish() noexcept {
    const Deadline next = heap_.first() == nullptr ? no_deadline : heap_.first()->deadline_;
    next_.store(next.time_since_epoch().count(), std::memory_order_relaxed);
  }

  ShortLock<Atomics> lock_;  // guards the next four
  TimerHeap heap_;
  TimerHeap due_;  // in expire(): what it still has to post
  Timer* posting_ = nullptr;
  std::uint64_t added_ = 0;
  typename Atomics::template Atomic<Clock::rep> next_{no_deadline.time_since_epoch().count()};
};

}  // namespace psyne::inline v0
