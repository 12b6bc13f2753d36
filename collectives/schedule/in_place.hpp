#pragma once

#include <psyne/collectives/schedule/problem.hpp>

namespace psyne::inline v0 {

/// The same bytes by one name, where input and output are the same memory. At a rank that is not the root of a reduce,
/// gather or scatter there is one buffer only, and so nothing to be the same.
constexpr Place in_memory(const Problem& problem, Place place) noexcept {
  if (!problem.in_place || (place.space != Space::input && place.space != Space::output)) return place;
  const bool rooted = problem.operation == Operation::reduce || problem.operation == Operation::gather ||
                      problem.operation == Operation::scatter;
  if (rooted && problem.rank != problem.root) return place;
  const bool output = place.space == Space::output;
  place.space = Space::output;
  switch (problem.operation) {
    case Operation::all_gather:
    case Operation::gather:
      if (!output) place.offset += problem.received.of(problem.rank).offset;
      return place;
    case Operation::reduce_scatter:
    case Operation::scatter:
      if (output) place.offset += problem.sent.of(problem.rank).offset;
      return place;
    default: return place;
  }
}

}  // namespace psyne::inline v0
