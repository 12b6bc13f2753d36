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
///   expire            any thread, mostly the driver's     O(log n) for each that is due, then posts it without a lock
///
/// A timer posts its work to its executor and does nothing else. Must be empty when destroyed.
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
    heap_.remove(timer);
    publish();
    return true;
  }

  /// When the first fires; `no_deadline` when none waits.
  Deadline next_deadline() const noexcept { return Deadline(Clock::duration(next_.load(std::memory_order_relaxed))); }

  /// Posts the work of every timer whose deadline is `now` or before, the earliest first, and says how many they were.
  /// What is added meanwhile waits for the next call, so this always ends.
  std::size_t expire(Deadline now) noexcept {
    if (next_deadline() > now) return 0;
    std::size_t count = 0;
    for (Timer* due = take_due(now); due != nullptr; ++count) {
      Timer* next = due->left_;
      due->executor_->post(*due->work_);  // may destroy the timer, or add it again
      due = next;
    }
    return count;
  }

 private:
  // From here on these have fired, whatever is cancelled.
  Timer* take_due(Deadline now) noexcept {
    const std::lock_guard guard(lock_);
    Timer* first = nullptr;
    Timer** end = &first;
    while (heap_.first() != nullptr && heap_.first()->deadline_ <= now) {
      Timer* due = heap_.first();
      heap_.remove(*due);
      *end = due;
      due->left_ = nullptr;
      end = &due->left_;
    }
    publish();
    return first;
  }

  // Relaxed: a hint of when to look. Who looks too early finds nothing due; add() tells the one who might be too late.
  void publish() noexcept {
    const Deadline next = heap_.first() == nullptr ? no_deadline : heap_.first()->deadline_;
    next_.store(next.time_since_epoch().count(), std::memory_order_relaxed);
  }

  ShortLock<Atomics> lock_;  // guards heap_ and added_
  TimerHeap heap_;
  std::uint64_t added_ = 0;
  typename Atomics::template Atomic<Clock::rep> next_{no_deadline.time_since_epoch().count()};
};

}  // namespace psyne::inline v0
