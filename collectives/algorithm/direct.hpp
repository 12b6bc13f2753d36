#pragma once

#include <psyne/collectives/algorithm/algorithm.hpp>

/// Every rank sends each other what that wants, at once. One message deep, size - 1 messages wide: the quickest for few
/// bytes and few ranks, and the only way for which one step can fold all contributions.
namespace psyne::inline v0::direct {

void all_reduce(const Problem& problem, ScheduleBuilder& builder);
void reduce(const Problem& problem, ScheduleBuilder& builder);
void reduce_scatter(const Problem& problem, ScheduleBuilder& builder);
void all_gather(const Problem& problem, ScheduleBuilder& builder);
void broadcast(const Problem& problem, ScheduleBuilder& builder);
void gather(const Problem& problem, ScheduleBuilder& builder);
void scatter(const Problem& problem, ScheduleBuilder& builder);
void all_to_all(const Problem& problem, ScheduleBuilder& builder);
void scan(const Problem& problem, ScheduleBuilder& builder);
void exclusive_scan(const Problem& problem, ScheduleBuilder& builder);

}  // namespace psyne::inline v0::direct
