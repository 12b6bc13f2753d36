#include <psyne/pool/job/spawned.hpp>
#include <psyne/pool/pool/pool_state.hpp>
#include <psyne/pool/scheduler/fork.hpp>

#include <algorithm>

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

// The deque is empty at this level: what was put aside before the child has been taken before it. While the child runs
// on a thread that took it between two jobs, or while waiting for a child of its own, all that this thread puts aside
// are descendants of the child; doing them here cannot meet anything unrelated ("leapfrogging", Wagner and Calder,
// "Leapfrogging: a portable technique for implementing efficient futures", 1993). But for two things, which go to where
// any thread takes them: jobs of a scope further out, and what was taken when the child had just ended.
void ForkFrame::wait_for_other() noexcept {
  const auto done = [this] { return done_.load(std::memory_order_acquire); };
  const Priority level = owner_->level();
  constexpr Clock::duration patience = std::chrono::microseconds(20);
  Deadline until = StandardAtomics::now() + patience;
  for (std::uint32_t pauses = 1; !done(); pauses = std::min(2 * pauses, 32U)) {
    Worker* const runner = runner_.load(std::memory_order_acquire);
    Work* const work = runner != nullptr && !stack_is_low() ? runner->steal(static_cast<std::size_t>(level)) : nullptr;
    if (work != nullptr) {
      if (done() || Spawned::is(*work)) {
        current_worker.pool->give_away(*work, level);
      } else {
        work->run(*work);
      }
      pauses = 1;
      until = StandardAtomics::now() + patience;
      continue;
    }
    if (StandardAtomics::now() >= until) {
      owner_->parker().wait(done, no_deadline, no_patience);
      return;
    }
    for (std::uint32_t pause = 0; pause < pauses; ++pause) StandardAtomics::pause();
  }
}

}  // namespace psyne::inline v0
