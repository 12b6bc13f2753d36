#pragma once

#include <psyne/pool/budget/worker_budget.hpp>

namespace psyne::inline v0 {

/// The budget of all pools of this process. Its clock is a timer of the service thread, which starts when two pools
/// first work at once; it rings each 10 ms as long as they want more than there is, and else not at all.
///
/// Made on first use, by the CPUs that the process may use then; never destroyed, so pools may be used during static
/// destruction. In a forked child no pool of the parent has joined it. Any thread.
WorkerBudget& process_budget();

}  // namespace psyne::inline v0
