#pragma once

#include <psyne/collectives/algorithm/algorithm.hpp>

/// Rank after rank: size - 1 messages deep, each rank sends one. For long vectors in many pieces.
namespace psyne::inline v0::chain {

void scan(const Problem& problem, ScheduleBuilder& builder);
void exclusive_scan(const Problem& problem, ScheduleBuilder& builder);
/// Begins behind the root.
void reduce(const Problem& problem, ScheduleBuilder& builder);

}  // namespace psyne::inline v0::chain
