#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/park/patience.hpp>
#include <psyne/pool/scheduler/current_worker.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <utility>

namespace psyne::inline v0 {

/// A thread of a pool that waits for what others run, and does parts of that meanwhile ("leapfrogging": Wagner and
/// Calder, "Leapfrogging: a portable technique for implementing efficient futures", 1993).
///
/// They are doing errands of what it waits for (Errand). What such a thread put aside since it began is part of
/// that, but for jobs of a scope that was opened before: those go to where any thread takes them. Nothing unrelated is
/// run, so locks may be held across a wait. Of use as long as the wait lasts, by the waiting thread.
class Waiting {
 public:
  /// As long as it takes to sleep and be woken.
  static constexpr Clock::duration usual_patience = std::chrono::microseconds(20);

  /// `runner`: who has begun an errand of `what` last, where that is known.
  explicit Waiting(const void* what, const std::atomic<Worker*>* runner = nullptr) noexcept
      : what_(what), runner_(runner), able_(!stack_is_low()) {}
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting() { settle(); }

  /// Does what there is to do until `done()`, true, or until there was nothing for `patience`, false.
  template <class Done>
  bool take_part(const Done& done, Clock::duration patience = usual_patience) noexcept {
    constexpr std::uint32_t most_pauses = 32;
    if (done()) return true;
    Deadline until = StandardAtomics::now() + patience;
    for (std::uint32_t pauses = 1; !done(); pauses = std::min(2 * pauses, most_pauses)) {
      const bool last_look = StandardAtomics::now() >= until;
      if (run_part(last_look)) {
        pauses = 1;
        until = StandardAtomics::now() + patience;
        continue;
      }
      if (last_look) return done();
      for (std::uint32_t pause = 0; pause < pauses; ++pause) StandardAtomics::pause();
    }
    return true;
  }

  /// `sleep()`s on something that the worker's parker wakes it from, and that ends when was_recalled(): another then
  /// has the place. If it was recalled, take_part() will find something, if nobody else did before.
  /// `stuck`: the thread has no stack for what it waits for, and wants to be told when nobody else will do it.
  template <class DoSleep>
  void asleep(bool stuck, DoSleep&& sleep) noexcept {
    Worker& me = *current_worker.worker;
    me.forget_recall();
    me.will_sleep_for(stuck ? me.stuck() : able_ ? what_ : nullptr);
    sleep();
    me.will_sleep_for(nullptr);
  }
  /// Whether there is stack for parts. Asked once: were it one answer here and another some frames deeper, the thread
  /// would be recalled for ever for what it then does not do.
  bool able() const noexcept { return able_; }

  static bool was_recalled() noexcept { return current_worker.worker->was_recalled(); }

  /// All of it, until `done()`, which the worker's parker is woken for.
  template <class Done>
  void until(const Done& done, Clock::duration patience = usual_patience) noexcept {
    while (!take_part(done, patience)) {
      asleep(false, [&] {
        current_worker.worker->parker().wait([&] { return done() || was_recalled(); }, no_deadline, no_patience);
      });
    }
  }

  /// Before the thread does anything else: it does not search any more.
  static void settle() noexcept { current_worker.scheduler->settle(*current_worker.worker); }

 private:
  bool run_part(bool anywhere) noexcept;
  Work* take_from(Worker& runner) noexcept;
  bool is_part(const Work& work) const noexcept;

  const void* const what_;
  const std::atomic<Worker*>* const runner_;
  const bool able_;
  Worker* victim_ = nullptr;  // of whom something was taken
  Errand errand_;             // and what he did when it was
};

}  // namespace psyne::inline v0
