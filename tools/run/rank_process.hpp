#pragma once

#include <psyne/core/result/result.hpp>
#include <psyne/core/transport/descriptor.hpp>

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace psyne_tool {

/// What a process left: an exit code, or the signal that killed it.
struct RankEnd {
  int status = 0;  ///< as waitpid() tells

  bool failed() const;
  int exit_code() const;     ///< as a shell would say: 128 and the signal's number
  std::string text() const;  ///< "exited with code 3", "was killed by signal 11 (Segmentation fault)"
};

/// One running rank: a child of this process, which the kernel kills when this process dies.
struct RankProcess {
  int rank = 0;
  pid_t pid = -1;
  psyne::Descriptor output{}, errors{};  ///< what it writes, where that is read here
  std::optional<RankEnd> end{};

  struct Start {
    int rank = 0;
    bool read_output = false;  ///< else it writes where this process does
    const std::vector<std::string>& command;
    const std::vector<std::string>& environment;
  };
  /// Rank 0 reads this process's standard input, the others nothing. Errors: not_found (no such program), refused (it
  /// may not be run), others of the system.
  static psyne::Result<RankProcess> start(const Start& start);

  bool running() const { return pid > 0 && !end; }
};

}  // namespace psyne_tool
