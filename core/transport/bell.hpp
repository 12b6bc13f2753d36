#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/result/result.hpp>
#include <psyne/core/transport/descriptor.hpp>

#include <atomic>
#include <memory>

namespace psyne::inline v0 {

/// What one end of a channel sleeps on when its peers may be other processes: an eventfd for rings from this process,
/// and the descriptors of its links, in one epoll set.
///
/// Peers cannot write our memory, so a futex word would not do (a waker must change the word it wakes on), and a
/// descriptor shared by several peers could be drained by a hostile one. So each peer rings through its own socket.
/// Measured, blocked round trip between two pinned processes: futex 41 us, eventfd and epoll 44, socket and epoll 48
/// (the halt of a virtual core dominates).
///
///   ring                       any thread, any time, signal safe
///   take_ring                  the end's owner, one thread at a time
///   sleep, watch, unwatch      the end's owner, one thread at a time (watch and unwatch: also the service thread)
///
/// No wake is lost: every descriptor is level triggered and stays readable until its owner drained it, so what came
/// between the last look and sleep() ends the sleep at once.
class Bell {
 public:
  static Result<std::unique_ptr<Bell>> make();

  /// Ends the current or the next sleep.
  void ring() noexcept;

  /// Sleeps until a ring, until a watched descriptor is readable or hung up, or until the deadline. Consumes rings (but
  /// for one behind many descriptors, which ends the next sleep as well).
  /// Reports the sleep to the thread's blocking observer.
  Sleep sleep(Deadline deadline) noexcept;

  /// From now on also wake for `descriptor`. Errors: exhausted.
  Result<void> watch(int descriptor);
  void unwatch(int descriptor) noexcept;

  /// Readable (for poll, epoll, select of the program) while a ring or a watched descriptor is pending.
  int descriptor() const noexcept { return epoll_.get(); }
  /// Takes pending rings back without sleeping; watched descriptors are drained by their links.
  void clear() noexcept;

  /// For an owner that is busy: whether ring() was called since this last said so. One load while it was not; apart
  /// from sleep() and clear(), which it neither sees nor changes.
  bool take_ring() noexcept {
    return rung_.load(std::memory_order_relaxed) && rung_.exchange(false, std::memory_order_acquire);
  }

 private:
  Bell(Descriptor epoll, Descriptor event) noexcept;

  Descriptor epoll_;
  Descriptor event_;
  std::atomic<bool> rung_{false};
};

}  // namespace psyne::inline v0
