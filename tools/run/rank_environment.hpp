#pragma once

#include <psyne/core/result/result.hpp>

#include <string>
#include <vector>

namespace psyne_tool {

/// What all ranks of one started job are told: a fresh id, and a token unless the user has one.
struct JobNames {
  std::string id, token;

  /// From the system's random numbers. Errors: system.
  static psyne::Result<JobNames> fresh();
};

/// The variables of this process, NAME=value, with those that tell a rank who it is.
///
/// PSYNE_STORE passes, unless this process is itself a rank: it would lead to the store of that job.
std::vector<std::string> rank_environment(const JobNames& names, int rank, int size);

}  // namespace psyne_tool
