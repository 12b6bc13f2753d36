#include <psyne/core/result/result.hpp>
#include <psyne/pool/pool/pool_state.hpp>
#include <psyne/pool/scheduler/fork.hpp>
#include <psyne/pool/scheduler/waiting.hpp>

#include <atomic>
#include <chrono>

namespace psyne::inline v0 {

// What lies above the child was put aside for a scope further out, by what the parent did meanwhile.
bool ForkFrame::take_back_below(Work* newer) noexcept {
  for (; newer != nullptr; newer = owner_->deque().pop()) {
    if (newer == this) return true;
    current_worker.pool->give_away(*newer, owner_->level());
  }
  return wait_for_other();
}

// The deque is empty at this level: what was put aside before the child has been taken before it. True when the child
// has come back after all.
bool ForkFrame::wait_for_other() noexcept {
  bool back = false;
  Waiting(this, &runner_).until([this, &back] {
    if (done_.load(std::memory_order_acquire)) return true;
    if (Ticket* const given = ticket()) back = back || given->take() != nullptr;
    return back;
  });
  if (Ticket* const given = ticket()) given->let_go();
  return back;
}

Ticket* ForkFrame::ticket() noexcept {
  Work* const linked = std::atomic_ref(next).load(std::memory_order_acquire);
  return linked != this ? static_cast<Ticket*>(linked) : nullptr;
}

// Once the parent sees the ticket the child may be gone.
void ForkFrame::give_away(PoolState& pool, Priority level) noexcept {
  Ticket* const given = Ticket::make(*this, current_worker.worker->tickets());
  Worker* const owner = owner_;
  if (given != nullptr) std::atomic_ref(next).store(given, std::memory_order_release);
  Work& entry = given != nullptr ? static_cast<Work&>(*given) : *this;
  if (!pool.post(entry, level)) return entry.run(entry);  // no memory: done here, as with nobody else there
  owner->parker().wake();
}

// What is asleep here has given its place away (Blocking), so a thread comes for what lies in its deque, the oldest
// first, as long as there are any: a deque that is full has room soon, and nobody tells of that. When it is recalled,
// no other thread can do it.
bool ForkFrame::leave_to_other() {
  constexpr auto between_looks = std::chrono::milliseconds(1);
  Worker& me = *current_worker.worker;
  Waiting waiting(this, &runner_);
  const auto done = [this] { return done_.load(std::memory_order_acquire); };
  const auto room = [&me] { return me.deque().size() < Worker::Deque::most; };
  const auto pending = [this, &me] {
    const Ticket* const given = ticket();
    return owner_ == nullptr || !me.deque().empty() || (given != nullptr && !given->taken());
  };
  const auto sleep = [&](const auto& enough, Deadline deadline) {
    waiting.asleep(pending(),
                   [&] { me.parker().wait([&] { return enough() || me.was_recalled(); }, deadline, no_patience); });
    Waiting::settle();
    return me.was_recalled();
  };
  for (put_aside(); owner_ == nullptr; put_aside()) {
    if (sleep(room, StandardAtomics::now() + between_looks)) return may_run_here();
  }
  const auto back = [this, &me] {
    Ticket* const given = ticket();
    return me.deque().pop() == this || (given != nullptr && given->take() != nullptr);
  };
  bool mine = false;
  while (!mine && !done()) mine = sleep(done, no_deadline) && back();
  if (Ticket* const given = ticket()) given->let_go();
  return mine && may_run_here();
}

bool ForkFrame::may_run_here() {
  if (this_stack_left() >= last_stack_reserve) return true;
  throw Exception(current_worker.pool->full("cannot go deeper: the stack is used up"));
}

void ForkFrame::count_suppressed() noexcept { current_worker.pool->suppressed(1); }

}  // namespace psyne::inline v0
