#pragma once

#include <psyne/collectives/algorithm/algorithm.hpp>
#include <psyne/collectives/runner/call.hpp>
#include <psyne/core/result/result.hpp>

#include <cstdint>

namespace psyne::inline v0 {

/// What a schedule may use of a window.
struct WindowLimits {
  std::uint64_t slot_bytes = 0;
  std::uint64_t stage_bytes = 0;
};

/// How one rank does a call: by which algorithm, in how many pieces, and the schedules of a piece and of the last one.
/// All ranks divide alike.
struct Plan {
  const Algorithm* algorithm = nullptr;
  std::uint64_t pieces = 1;
  std::uint64_t piece_bytes = 0;
  Schedule piece;
  Schedule last;
  std::uint64_t workspace_bytes = 0;
};

/// A pure function of its arguments. O(size) schedules are made to find how long a piece may be.
/// Errors: exhausted, where not even a cache line fits.
Result<Plan> make_plan(const Algorithm& algorithm, const Call& call, Rank rank, Rank size, const WindowLimits& limits);

}  // namespace psyne::inline v0
