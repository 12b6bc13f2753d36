#pragma once

namespace psyne::inline v0 {

class PoolState;

/// The pool that everything uses which names none: one worker per CPU that this process may use; made on first use,
/// never destroyed, and made anew in a forked child. Any thread. Throws psyne::Exception when its threads cannot be
/// started.
PoolState& default_pool_state();

}  // namespace psyne::inline v0
