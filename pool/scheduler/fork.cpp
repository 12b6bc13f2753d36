#include <psyne/core/result/result.hpp>
#include <psyne/pool/pool/pool_state.hpp>
#include <psyne/pool/scheduler/fork.hpp>
#include <psyne/pool/scheduler/waiting.hpp>

#include <chrono>

namespace psyne::inline v0 {

// What lies above the child was put aside for a scope further out, by what the parent did meanwhile.
bool ForkFrame::take_back_below(Work* newer) noexcept {
  for (; newer != nullptr; newer = owner_->deque().pop()) {
    if (newer == this) return true;
    current_worker.pool->give_away(*newer, owner_->level());
  }
  wait_for_other();
  return false;
}

// The deque is empty at this level: what was put aside before the child has been taken before it.
void ForkFrame::wait_for_other() noexcept {
  Waiting(this, &runner_).until([this] { return done_.load(std::memory_order_acquire); });
}

// What is asleep here has given its place away (Blocking), so a thread comes for what lies in its deque, the oldest
// first, as long as there are any: a deque that is full has room soon.
bool ForkFrame::leave_to_other() {
  using std::chrono::milliseconds;
  constexpr int patient_turns = 100;
  const CurrentWorker me = current_worker;
  Parker<>& parker = me.worker->parker();
  const auto room = [&] { return me.worker->deque().size() < Worker::Deque::most; };
  const auto done = [this] { return done_.load(std::memory_order_acquire); };
  int turn = 0;
  const auto nobody_comes = [&] { return ++turn > patient_turns || !me.scheduler->any_seat(); };
  for (put_aside(); owner_ == nullptr; put_aside()) {
    if (parker.wait(room, StandardAtomics::now() + milliseconds(1), no_patience)) continue;
    if (nobody_comes() && may_run_here(!me.scheduler->any_seat())) return true;
  }
  while (!parker.wait(done, StandardAtomics::now() + milliseconds(10), no_patience)) {
    if (runner_.load(std::memory_order_acquire) != nullptr || !nobody_comes()) continue;
    const bool last_chance = !me.scheduler->any_seat();
    if (!last_chance && !may_run_here(false)) continue;
    if (owner_->deque().pop() == this) return may_run_here(true);
  }
  return false;
}

bool ForkFrame::may_run_here(bool last_chance) const {
  if (this_stack_left() >= last_stack_reserve) return true;
  if (last_chance) throw Exception(current_worker.pool->full("cannot go deeper: the stack is used up"));
  return false;
}

void ForkFrame::count_suppressed() noexcept { current_worker.pool->suppressed(1); }

}  // namespace psyne::inline v0
