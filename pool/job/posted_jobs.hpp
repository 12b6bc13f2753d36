#pragma once

#include <psyne/core/atomics/short_lock.hpp>
#include <psyne/pool/scheduler/ticket.hpp>

#include <atomic>
#include <mutex>

namespace psyne::inline v0 {

/// The jobs of one scope that lie in the pool's queue, oldest first, for the thread that waits for the scope.
///
///   add, take    any thread    under a short lock
///   any          any thread    wait-free
///
/// Holds a ticket of each; those that another has taken go with the next that is added.
class PostedJobs {
 public:
  PostedJobs() noexcept = default;
  PostedJobs(const PostedJobs&) = delete;
  PostedJobs& operator=(const PostedJobs&) = delete;
  ~PostedJobs() {
    while (Ticket* const ticket = first_.load(std::memory_order_relaxed)) drop(*ticket);
  }

  void add(Ticket& ticket) noexcept {
    const std::lock_guard guard(lock_);
    Ticket* first = first_.load(std::memory_order_relaxed);
    for (; first != nullptr && first->taken(); first = first_.load(std::memory_order_relaxed)) drop(*first);
    if (first == nullptr) {
      first_.store(&ticket, std::memory_order_release);
    } else {
      last_->after = &ticket;
    }
    last_ = &ticket;
  }

  /// Whether there may be some that nobody has taken.
  bool any() const noexcept { return first_.load(std::memory_order_acquire) != nullptr; }

  /// Null when others have them all.
  Work* take() noexcept {
    if (!any()) return nullptr;
    const std::lock_guard guard(lock_);
    while (Ticket* const first = first_.load(std::memory_order_relaxed)) {
      Work* const work = first->take();
      drop(*first);
      if (work != nullptr) return work;
    }
    return nullptr;
  }

 private:
  void drop(Ticket& first) noexcept {
    first_.store(first.after, std::memory_order_relaxed);
    first.let_go();
  }

  std::atomic<Ticket*> first_{nullptr};
  Ticket* last_ = nullptr;  // with first_, guarded by lock_
  ShortLock<> lock_;
};

}  // namespace psyne::inline v0
