#pragma once

#include <psyne/collectives/algorithm/algorithm.hpp>

/// Two binary trees over all ranks, each for half of the vector, in which whoever has children in one has none in the
/// other, so that no rank has to send more than the vector once in each direction. log2(size) deep. After Sanders,
/// Speck, Träff, "Two-tree algorithms for full bandwidth broadcast, reduction and scan", 2009.
namespace psyne::inline v0::double_tree {

void all_reduce(const Problem& problem, ScheduleBuilder& builder);

}  // namespace psyne::inline v0::double_tree
