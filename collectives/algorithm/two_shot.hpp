#pragma once

#include <psyne/collectives/algorithm/algorithm.hpp>

/// Each rank folds one part of the vector, then each tells the others, or the root, what came out. Two messages deep,
/// and no byte is sent more often than a ring sends it; one step folds all contributions of an element.
namespace psyne::inline v0::two_shot {

void all_reduce(const Problem& problem, ScheduleBuilder& builder);
void reduce(const Problem& problem, ScheduleBuilder& builder);
/// The root scatters parts, and each rank tells its part to all. After Van de Geijn and Barnett, "Interprocessor
/// Collective Communication Library", 1994.
void broadcast(const Problem& problem, ScheduleBuilder& builder);

}  // namespace psyne::inline v0::two_shot
