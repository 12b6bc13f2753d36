#pragma once

#include "pair/cell.hpp"

#include <array>
#include <optional>

namespace psyne::bench {

/// The command line that every program of a pair understands.
///
///   PROGRAM [--cpus A,B] --work WORK --size BYTES [--milliseconds N]    one measurement, one line of JSON
///   PROGRAM [--cpus A,B] --serve                                        a line "WORK BYTES MILLISECONDS" in, one out
struct Options {
  std::array<int, 2> cpus{0, 1};  ///< the leader's and the follower's
  std::optional<Cell> cell;       ///< nothing: serve
};

/// Prints what is wrong and ends the process when the command line is not that.
Options parse_options(int argc, char** argv);

}  // namespace psyne::bench
