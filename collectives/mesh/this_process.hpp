#pragma once

#include <psyne/collectives/mesh/whereabouts.hpp>

namespace psyne::inline v0 {

/// Where this process runs, for `rank`; without URIs. Errors: system.
Result<Whereabouts> whereabouts_of_process(int rank);

}  // namespace psyne::inline v0
