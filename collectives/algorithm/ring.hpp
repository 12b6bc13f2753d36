#pragma once

#include <psyne/collectives/algorithm/algorithm.hpp>

/// Each rank talks to its two neighbours only, size - 1 times round. No byte more than must be is sent, and all links
/// work at once; after Patarasuk and Yuan, "Bandwidth Optimal All-reduce Algorithms for Clusters of Workstations",
/// 2009.
namespace psyne::inline v0::ring {

void all_reduce(const Problem& problem, ScheduleBuilder& builder);
void reduce_scatter(const Problem& problem, ScheduleBuilder& builder);
void all_gather(const Problem& problem, ScheduleBuilder& builder);
/// From the root on, round to the rank before it: for long vectors in many pieces.
void broadcast(const Problem& problem, ScheduleBuilder& builder);

}  // namespace psyne::inline v0::ring
