#pragma once

#include <psyne/collectives/algorithm/algorithm.hpp>

/// Partners at distances that double: log2(size) messages deep. Where the number of ranks is no power of two, pairs of
/// the first ranks act as one. After Thakur, Rabenseifner, Gropp, "Optimization of Collective Communication Operations
/// in MPICH", 2005.
namespace psyne::inline v0::doubling {

/// Partners exchange all that they have.
void all_reduce(const Problem& problem, ScheduleBuilder& builder);
/// Rabenseifner's: partners exchange halves, of halves, then tell each other what came out.
void all_reduce_by_halves(const Problem& problem, ScheduleBuilder& builder);
/// Prefixes over distances that double (Hillis and Steele, "Data Parallel Algorithms", 1986).
void scan(const Problem& problem, ScheduleBuilder& builder);
void exclusive_scan(const Problem& problem, ScheduleBuilder& builder);
/// After Hensgen, Finkel, Manber, "Two Algorithms for Barrier Synchronization", 1988.
void barrier(const Problem& problem, ScheduleBuilder& builder);

}  // namespace psyne::inline v0::doubling
