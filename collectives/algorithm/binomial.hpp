#pragma once

#include <psyne/collectives/algorithm/algorithm.hpp>

/// A binomial tree below the root: log2(size) messages deep, and as many from the root at most.
namespace psyne::inline v0::binomial {

void reduce(const Problem& problem, ScheduleBuilder& builder);
void broadcast(const Problem& problem, ScheduleBuilder& builder);
/// To rank 0 and back.
void all_reduce(const Problem& problem, ScheduleBuilder& builder);
void gather(const Problem& problem, ScheduleBuilder& builder);
void scatter(const Problem& problem, ScheduleBuilder& builder);

}  // namespace psyne::inline v0::binomial
