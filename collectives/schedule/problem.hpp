#pragma once

#include <psyne/collectives/schedule/blocks.hpp>
#include <psyne/collectives/schedule/operation.hpp>

#include <cstdint>

namespace psyne::inline v0 {

/// What a schedule is made for: one operation, or one piece of it, as one rank sees it.
///
/// | operation | input | output |
/// |---|---|---|
/// | all_reduce, scan, exclusive_scan | `bytes` | `bytes` |
/// | reduce | `bytes` | at the root `bytes` |
/// | broadcast | at the root `bytes` | `bytes` |
/// | reduce_scatter | `sent`, a block for each rank | the rank's own block, from 0 |
/// | all_gather | the rank's own block, from 0 | `received`, a block of each rank |
/// | gather | the rank's own block, from 0 | at the root `received` |
/// | scatter | at the root `sent` | the rank's own block, from 0 |
/// | all_to_all | `sent`, a block for each rank | `received`, a block of each rank |
/// | barrier | nothing | nothing |
///
/// Of a long operation a piece takes `bytes`, or that much of each block, and lies so much later in both buffers.
struct Problem {
  Operation operation = Operation::barrier;
  Rank rank = 0;
  Rank size = 1;
  Rank root = 0;
  std::uint64_t bytes = 0;
  Blocks sent;
  Blocks received;
  std::uint64_t element_bytes = 1;
  /// Input and output are the same memory: of the whole where both hold the same, else the own block in the larger one.
  bool in_place = false;
};

}  // namespace psyne::inline v0
