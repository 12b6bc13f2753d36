#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/pool/pool/pool_state.hpp>
#include <psyne/pool/scheduler/current_worker.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace psyne::inline v0 {

/// A thread that waits for work which another runs does parts of that work meanwhile: until `done()`, true, or until
/// there was nothing to do for `patience`, by default as long as it takes to sleep and be woken, false.
///
/// `take()` takes something from the other; what is not `related(work)` after that goes to where any thread takes it.
template <class Done, class Take, class Related>
bool leapfrog(const Done& done, const Take& take, const Related& related,
              Clock::duration patience = std::chrono::microseconds(20)) noexcept {
  if (done()) return true;
  constexpr std::uint32_t most_pauses = 32;
  Deadline until = StandardAtomics::now() + patience;
  for (std::uint32_t pauses = 1; !done(); pauses = std::min(2 * pauses, most_pauses)) {
    Work* const work = stack_is_low() ? nullptr : take();
    if (work != nullptr) {
      if (related(*work)) {
        WorkerCounters& counters = current_worker.worker->counters();
        counters.stolen.add();
        counters.runs.add();
        work->run(*work);
      } else {
        current_worker.pool->give_away(*work, current_worker.worker->level());
      }
      pauses = 1;
      until = StandardAtomics::now() + patience;
      continue;
    }
    if (StandardAtomics::now() >= until) return false;
    for (std::uint32_t pause = 0; pause < pauses; ++pause) StandardAtomics::pause();
  }
  return true;
}

}  // namespace psyne::inline v0
