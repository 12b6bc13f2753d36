#pragma once

#include "pair/cell.hpp"

#include <array>
#include <optional>

namespace psyne::bench {

/// What the two processes talk over.
enum class Over : std::uint8_t {
  ipc,  ///< what one machine has: shared memory, local sockets
  tcp,  ///< TCP through the loopback device or a pair of virtual ones (pair/network.hpp), and nothing else
};

/// The command line that every program of a pair understands.
///
///   PROGRAM [--cpus A,B] [--over ipc|tcp] --work WORK --size BYTES [--milliseconds N]   one measurement, one line of
///   JSON PROGRAM [--cpus A,B] [--over ipc|tcp] --serve                    a line "WORK BYTES MILLISECONDS" in, one out
struct Options {
  std::array<int, 2> cpus{0, 1};  ///< the leader's and the follower's
  Over over = Over::ipc;
  std::optional<Cell> cell;  ///< nothing: serve
};

/// Prints what is wrong and ends the process when the command line is not that.
Options parse_options(int argc, char** argv);

}  // namespace psyne::bench
