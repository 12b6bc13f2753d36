#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/executor/executor.hpp>

#include <cstdint>
#include <utility>

namespace psyne::inline v0 {

/// Work that a TimerQueue posts to an executor at a point in time. Stays where it is while it waits in a queue; may be
/// added again once it fired or was cancelled.
class Timer {
 public:
  /// Owns neither; both must be there until the work ran or the timer was cancelled.
  Timer(Work& work, Executor& executor) noexcept : work_(&work), executor_(&executor) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

 private:
  friend class TimerHeap;
  template <class Atomics>
  friend class TimerQueue;

  Work* const work_;
  Executor* const executor_;
  Deadline deadline_ = no_deadline;
  std::uint64_t order_ = 0;  // among equal deadlines the first added is the first to fire
  Timer* parent_ = nullptr;
  Timer* left_ = nullptr;
  Timer* right_ = nullptr;
  std::uint32_t rank_ = 0;  // steps to the nearest missing child; 0 while in no heap
};

/// Timers by deadline. Not thread safe; owns nothing and allocates nothing.
///
///   push, remove    O(log n), also in the worst case
///   first           O(1)
///
/// A leftist tree (Crane, "Linear Lists and Priority Queues as Balanced Binary Trees", 1972; Knuth, TAOCP 5.2.3): the
/// right spine of every subtree is its shortest way down, so two trees merge in O(log n). A pairing heap is shorter,
/// but its first pop after n pushes takes n steps, under the queue's lock.
class TimerHeap {
 public:
  /// Null when empty.
  Timer* first() const noexcept { return root_; }

  static bool holds(const Timer& timer) noexcept { return timer.rank_ != 0; }

  void push(Timer& timer) noexcept {
    timer.left_ = timer.right_ = nullptr;
    timer.rank_ = 1;
    root_ = merge(root_, &timer);
    root_->parent_ = nullptr;
  }

  void remove(Timer& timer) noexcept {
    Timer* parent = timer.parent_;
    Timer* rest = merge(timer.left_, timer.right_);
    if (rest != nullptr) rest->parent_ = parent;
    if (parent == nullptr) {
      root_ = rest;
    } else {
      (parent->left_ == &timer ? parent->left_ : parent->right_) = rest;
      restore_from(parent);
    }
    timer.rank_ = 0;
    timer.parent_ = nullptr;
  }

 private:
  static std::uint32_t rank(const Timer* timer) noexcept { return timer == nullptr ? 0 : timer->rank_; }

  static bool before(const Timer& left, const Timer& right) noexcept {
    return left.deadline_ != right.deadline_ ? left.deadline_ < right.deadline_ : left.order_ < right.order_;
  }

  // As deep as the two right spines are long together: about 2 log2 n.
  static Timer* merge(Timer* one, Timer* other) noexcept {  // NOLINT(misc-no-recursion)
    if (one == nullptr) return other;
    if (other == nullptr) return one;
    if (before(*other, *one)) std::swap(one, other);
    one->right_ = merge(one->right_, other);
    one->right_->parent_ = one;
    settle(*one);
    return one;
  }

  // The shorter side is the right one.
  static void settle(Timer& timer) noexcept {
    if (rank(timer.left_) < rank(timer.right_)) std::swap(timer.left_, timer.right_);
    timer.rank_ = rank(timer.right_) + 1;
  }

  // Ranks grow on the way up as long as they have to change, so this ends within log2 n steps.
  static void restore_from(Timer* timer) noexcept {
    for (; timer != nullptr; timer = timer->parent_) {
      const std::uint32_t before = timer->rank_;
      settle(*timer);
      if (timer->rank_ == before) return;
    }
  }

  Timer* root_ = nullptr;
};

}  // namespace psyne::inline v0
