#include <psyne/pool/job/scope.hpp>
#include <psyne/pool/pool/pool_state.hpp>
#include <psyne/pool/scheduler/fork.hpp>
#include <psyne/pool/scheduler/waiting.hpp>

namespace psyne::inline v0 {

bool Waiting::run_part(bool anywhere) noexcept {
  if (!able_) return false;
  Work* work = nullptr;
  if (runner_ != nullptr && !anywhere) {
    if (Worker* const runner = runner_->load(std::memory_order_acquire)) work = take_from(*runner);
  } else {
    Scheduler& scheduler = *current_worker.scheduler;
    for (std::uint32_t number = 0; work == nullptr && number < scheduler.used(); ++number) {
      if (Worker* const runner = scheduler.worker(number)) work = take_from(*runner);
    }
  }
  if (work == nullptr) return false;
  settle();
  Worker& me = *current_worker.worker;
  if (is_part(*work)) {
    me.counters().stolen.add();
    me.counters().runs.add();
    const Priority before = me.level();
    me.set_level(errand_.level);
    work->run(*work);
    me.set_level(before);
  } else {
    current_worker.pool->give_away(*work, errand_.level);
  }
  return true;
}

Work* Waiting::take_from(Worker& runner) noexcept {
  if (&runner == current_worker.worker) return nullptr;
  victim_ = &runner;
  errand_ = runner.errand();
  if (errand_.of != what_) errand_ = runner.outermost_errand();
  return errand_.of == what_ ? runner.steal_part_of(errand_) : nullptr;
}

// The errand is one of two that it was when the work was taken. Had the thread been on another in between, that was
// within this one, or has ended; and it cannot end before its children have, so this is none of those.
bool Waiting::is_part(const Work& work) const noexcept {
  if (victim_->errand() != errand_ && victim_->outermost_errand() != errand_) return false;
  return ForkFrame::is(work) || Scope::is_job_of(work, what_, *victim_, errand_.since);
}

}  // namespace psyne::inline v0
