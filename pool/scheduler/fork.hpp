#pragma once

#include <psyne/core/executor/work.hpp>
#include <psyne/pool/scheduler/current_worker.hpp>
#include <psyne/pool/scheduler/ticket.hpp>

#include <atomic>
#include <cstdint>
#include <exception>
#include <utility>

namespace psyne::inline v0 {

/// The child that a thread of a pool puts aside while it does something else: lives on that thread's stack, is taken
/// back newest first, and perhaps run by another thread meanwhile.
///
///   put_aside          the parent, once
///   join or give_up    the parent, once, after what it did meanwhile, and after the joins of all younger children
///
/// Waits of the parent run nothing but descendants of this child. Woken by: the thread that ran the child.
class ForkFrame : public Work {
 public:
  /// Whether work that was found in a deque is one of these: they are linked to themselves.
  static bool is(const Work& work) noexcept { return work.next == &work; }

  /// By a thread that has taken the child and must not run it: it goes to where any thread takes it, its parent too.
  void give_away(PoolState& pool, Priority level) noexcept;

  void put_aside() noexcept {
    const CurrentWorker& me = current_worker;
    owner_ = me.worker;
    job_ = me.job;
    if (me.worker->deque().push(this)) [[likely]] {
      me.scheduler->forked();
    } else {
      owner_ = nullptr;
    }
  }

 protected:
  explicit ForkFrame(Run function) noexcept : Work(function) { next = this; }
  ~ForkFrame() = default;

  /// Whether the parent has the child back and may run it; otherwise it has been run by another.
  [[nodiscard]] bool take_back() noexcept {
    if (owner_ == nullptr) [[unlikely]]
      return true;
    Work* const newest = owner_->deque().pop();
    return newest == this ? true : take_back_below(newest);
  }

  /// Has the child run by another thread, whose stack is not used up, and waits for it; in place of put_aside and
  /// take_back. True when the caller has to run it after all: there are max_threads, and a little stack is left. Throws
  /// psyne::Exception with Code::exhausted when there is not.
  [[nodiscard]] bool leave_to_other();

  /// Counts what a child threw that nobody is told of.
  static void count_suppressed() noexcept;

  /// By the thread that took the child: as `body`, within the job that it belongs to.
  template <class Body>
  void run_elsewhere(Body&& body) noexcept {
    CurrentWorker& me = current_worker;
    const Errand errand = me.worker->begin_errand(this);
    runner_.store(me.worker, std::memory_order_release);
    JobContext* const before = std::exchange(me.job, job_);
    try {
      body();
    } catch (...) {
      thrown_ = std::current_exception();
    }
    me.job = before;
    let_go();
    me.worker->end_errand(errand);
  }

  /// By the thread that took the child: the parent need not wait any more. From here on the frame may be gone.
  void let_go() noexcept {
    Worker* const owner = owner_;
    done_.store(true, std::memory_order_release);
    owner->parker().wake();
  }

  JobContext* job() const noexcept { return job_; }

  /// What a child threw that another ran; null when nothing.
  std::exception_ptr take_thrown() noexcept { return std::exchange(thrown_, nullptr); }
  bool threw() const noexcept { return thrown_ != nullptr; }

 private:
  bool take_back_below(Work* newer) noexcept;
  bool wait_for_other() noexcept;
  Ticket* ticket() noexcept;
  static bool may_run_here();

  Worker* owner_ = nullptr;  // null: not put aside, since there was no room
  JobContext* job_ = nullptr;
  std::atomic<Worker*> runner_{nullptr};
  std::atomic<bool> done_{false};
  std::exception_ptr thrown_;
};

template <class Callable>
class Fork final : public ForkFrame {
 public:
  explicit Fork(Callable& callable) noexcept
      : ForkFrame([](Work& self) noexcept {
          auto& own = static_cast<Fork&>(self);
          own.run_elsewhere(own.callable_);
        }),
        callable_(callable) {}

  /// The child has been run when this returns. Throws what it threw.
  void join() { join_by(callable_); }

  /// The same; a child that nobody has taken meanwhile is not run, but `here()` in its place.
  template <class Here>
  void join_by(Here& here) {
    if (take_back()) {
      here();
    } else if (threw()) [[unlikely]] {
      std::rethrow_exception(take_thrown());
    }
  }

  /// In place of all the others: has the child run on a stack that is not used up, and waits for it. Throws what it
  /// threw; psyne::Exception with Code::exhausted when there is no such stack.
  void run_by_other() {
    if (leave_to_other()) {
      callable_();
    } else if (threw()) {
      std::rethrow_exception(take_thrown());
    }
  }

  /// The child is not wanted any more: it is not begun, or, if it has been, this waits for its end. Gives what it
  /// threw.
  std::exception_ptr give_up() noexcept { return take_back() ? nullptr : take_thrown(); }

  /// The same by a parent that throws something itself: what the child threw is counted and forgotten.
  void abandon() noexcept {
    if (give_up() != nullptr) count_suppressed();
  }

 private:
  Callable& callable_;
};

}  // namespace psyne::inline v0
