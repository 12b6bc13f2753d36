#include <psyne/pool/scheduler/fork.hpp>

#include <algorithm>

namespace psyne::inline v0 {

// The deque is empty at this level: what was put aside before the child has been taken before it. While the child runs
// on a thread that took it between two jobs, or while waiting for a child of its own, all that this thread puts aside
// are descendants of the child; doing them here cannot meet anything unrelated ("leapfrogging", Wagner and Calder,
// "Leapfrogging: a portable technique for implementing efficient futures", 1993).
void ForkFrame::wait_for_other() noexcept {
  const auto done = [this] { return done_.load(std::memory_order_acquire); };
  const std::size_t level = static_cast<std::size_t>(owner_->level());
  constexpr Clock::duration patience = std::chrono::microseconds(20);
  Deadline until = StandardAtomics::now() + patience;
  for (std::uint32_t pauses = 1; !done(); pauses = std::min(2 * pauses, 32U)) {
    Worker* const runner = runner_.load(std::memory_order_acquire);
    Work* const work = runner != nullptr ? runner->steal(level) : nullptr;
    if (work != nullptr) {
      work->run(*work);
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
