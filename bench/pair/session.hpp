#pragma once

#include "pair/cell.hpp"
#include "pair/control.hpp"
#include "pair/options.hpp"

#include <functional>
#include <optional>

namespace psyne::bench {

/// One side's part of one cell. The leader's value is the result, nothing where this program has no such work; the
/// follower's is not looked at.
using Measure = std::function<std::optional<double>(const Cell&, Side, Control&)>;

/// Does the cells of `options` on this side of a pair that already stands: the leader takes them from the command line
/// or from standard input and prints a line for each, the follower takes them from the leader until that is gone. A
/// cell that lasts for more than a minute kills the process, so nothing waits for a peer that hangs.
void run_session(const Options& options, Side side, Control& control, const Measure& measure);

/// Forks the two processes, pins each to its CPU, lets `open` say what each does, and runs the session.
/// Returns the program's exit status in the leader; the follower's process ends within.
int run_pair(int argc, char** argv, const std::function<Measure(const Options&)>& open);

}  // namespace psyne::bench
