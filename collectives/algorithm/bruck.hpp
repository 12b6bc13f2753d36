#pragma once

#include <psyne/collectives/algorithm/algorithm.hpp>

/// Blocks of few bytes, bundled: log2(size) messages deep, for any number of ranks. After Bruck et al., "Efficient
/// Algorithms for All-to-All Communications in Multiport Message-Passing Systems", 1997.
namespace psyne::inline v0::bruck {

void all_gather(const Problem& problem, ScheduleBuilder& builder);
void all_to_all(const Problem& problem, ScheduleBuilder& builder);

}  // namespace psyne::inline v0::bruck
