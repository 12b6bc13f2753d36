#pragma once

#include <psyne/collectives/algorithm/algorithm.hpp>

/// For ranks that share memory: what several want is written once, and each loads it.
namespace psyne::inline v0::staged {

void all_reduce(const Problem& problem, ScheduleBuilder& builder);
/// As two_shot, but that each tells by its stage what came out.
void all_reduce_two_shot(const Problem& problem, ScheduleBuilder& builder);
void all_gather(const Problem& problem, ScheduleBuilder& builder);
void broadcast(const Problem& problem, ScheduleBuilder& builder);

}  // namespace psyne::inline v0::staged
