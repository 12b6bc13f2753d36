#pragma once

#include <optional>
#include <string>
#include <vector>

namespace psyne_tool {

struct RunOptions {
  int ranks = 1;
  /// Whether each line of output begins with its rank. Empty: where standard output is a terminal and there are
  /// several.
  std::optional<bool> label{};
  std::vector<std::string> command{};  ///< the program and its arguments
};

/// Starts the ranks of a job on this host and waits for them. Gives the exit status: 0, that of the first rank that
/// failed (128 and the signal's number where one killed it), 126 or 127 where the program cannot be started.
///
/// When a rank fails the others get SIGTERM, and SIGKILL five seconds later. SIGINT, SIGTERM and SIGHUP are
/// passed on, and the ranks take their time to end; told a second time, they have five seconds. No rank outlives this
/// process, however it ends.
int run(const RunOptions& options);

}  // namespace psyne_tool
