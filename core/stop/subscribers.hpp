#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/atomics/short_lock.hpp>
#include <psyne/core/park/blocking_observer.hpp>

#include <cstdint>
#include <mutex>

namespace psyne::inline v0 {

/// One who wants to be told of something that happens at most once; lives in the object that wants it.
struct EventSubscriber {
  using Notify = void (*)(EventSubscriber&) noexcept;

  explicit EventSubscriber(Notify function) noexcept : notify(function) {}
  EventSubscriber(const EventSubscriber&) = delete;
  EventSubscriber& operator=(const EventSubscriber&) = delete;

  Notify notify;  ///< called once at most, without any lock; may destroy the subscriber
  EventSubscriber* next = nullptr;
  EventSubscriber* previous = nullptr;  ///< null when in no list
};

/// Those who wait for one event that happens at most once: a stop request, a completion.
///
///   add      any thread; O(1), allocates nothing
///   remove   any thread; O(1); waits while another thread is just notifying this subscriber, and never when called
///            from within that very notification
///   fire     any thread; the first call notifies all, in the order in which they were added
///
/// After remove() returned, the subscriber is not touched any more and may go. The list itself must outlive every call,
/// fire() included, so its owner is kept by a reference while it fires. Must be fired or empty when destroyed.
///
/// `spins`: how many pauses remove() looks before it sleeps; notifications mostly end sooner, since they wake a sleeper
/// or post some work.
template <class Atomics = StandardAtomics, int spins = 200>
class Subscribers {
 public:
  Subscribers() noexcept { ends_.next = ends_.previous = &ends_; }
  Subscribers(const Subscribers&) = delete;
  Subscribers& operator=(const Subscribers&) = delete;
  ~Subscribers() = default;

  /// False when the event has happened: then the subscriber was not added and will not be notified.
  [[nodiscard]] bool add(EventSubscriber& subscriber) noexcept {
    const std::lock_guard guard(lock_);
    if (fired_) return false;
    subscriber.previous = ends_.previous;
    subscriber.next = &ends_;
    ends_.previous->next = &subscriber;
    ends_.previous = &subscriber;
    return true;
  }

  /// For a subscriber that add() accepted. True when it was taken out before it was notified and so never will be;
  /// false when it was notified, which has ended unless remove() is called from within it.
  bool remove(EventSubscriber& subscriber) noexcept {
    std::uint32_t seen = 0;
    {
      const std::lock_guard guard(lock_);
      if (subscriber.previous != nullptr) {
        unlink(subscriber);
        return true;
      }
      if (running_ != &subscriber || runner_ == Atomics::this_thread()) return false;
      awaited_ = true;
      seen = ended_.load(std::memory_order_relaxed);
    }
    wait_for_end(seen);
    return false;
  }

  /// Notifies everyone by `notify(subscriber)`, without holding any lock. False when it was fired before; the earlier
  /// call may still be notifying.
  template <class Notify>
  bool fire(Notify&& notify) noexcept {
    lock_.lock();
    if (fired_) {
      lock_.unlock();
      return false;
    }
    fired_ = true;
    runner_ = Atomics::this_thread();
    while (ends_.next != &ends_) {
      EventSubscriber& subscriber = *ends_.next;
      unlink(subscriber);
      running_ = &subscriber;
      lock_.unlock();
      notify(subscriber);  // may destroy it
      lock_.lock();
      running_ = nullptr;
      if (awaited_) tell_end();
    }
    lock_.unlock();
    return true;
  }
  bool fire() noexcept {
    return fire([](EventSubscriber& subscriber) noexcept { subscriber.notify(subscriber); });
  }

 private:
  static void unlink(EventSubscriber& subscriber) noexcept {
    subscriber.previous->next = subscriber.next;
    subscriber.next->previous = subscriber.previous;
    subscriber.next = subscriber.previous = nullptr;
  }

  // At most one thread waits: it owns the one subscriber that is being notified.
  void wait_for_end(std::uint32_t seen) noexcept {
    for (int turn = 0; turn < spins; ++turn) {
      if (ended_.load(std::memory_order_acquire) != seen) return;
      Atomics::pause();
    }
    while (ended_.load(std::memory_order_acquire) == seen) {
      const Blocking blocking;
      static_cast<void>(Atomics::wait(ended_, seen, Sharing::process, no_deadline));
    }
  }

  // Under the lock, given back for the system call. Release: what the notification did comes before remove() returns.
  void tell_end() noexcept {
    awaited_ = false;
    ended_.store(ended_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    lock_.unlock();
    Atomics::wake(ended_, 1, Sharing::process);
    lock_.lock();
  }

  EventSubscriber ends_{nullptr};                              // before the first and after the last
  EventSubscriber* running_ = nullptr;                         // being notified now
  typename Atomics::ThreadId runner_{};                        // by this thread
  ShortLock<Atomics> lock_;                                    // guards all but ended_
  typename Atomics::template Atomic<std::uint32_t> ended_{0};  // counts awaited notifications that ended
  bool fired_ = false;
  bool awaited_ = false;
};

}  // namespace psyne::inline v0
