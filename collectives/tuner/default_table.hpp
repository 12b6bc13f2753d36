#pragma once

#include <psyne/collectives/algorithm/algorithm.hpp>

#include <cstdint>

namespace psyne::inline v0 {

/// What the choice of an algorithm may depend on: all of it known to all ranks alike.
struct Circumstances {
  Operation operation = Operation::barrier;
  Rank size = 1;
  std::uint64_t bytes = 0;  ///< of the vector, or of one block
  bool mapped = false;      ///< all ranks map each other's windows
  bool canonical = false;   ///< only algorithms whose bits do not depend on the choice
  bool ordered = false;     ///< the fold does not commute
};

/// Fixed, not measured: the same on every machine.
const Algorithm& default_algorithm(const Circumstances& circumstances) noexcept;

}  // namespace psyne::inline v0
