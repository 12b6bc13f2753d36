#pragma once

#include <psyne/core/result/result.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace psyne::inline v0::slurm {

/// The first host of a list as SLURM_STEP_NODELIST has it: "node003" of "node[003-007,9],login1", "rack1-a" of
/// "rack[1-2]-[a,b]". Errors: invalid_argument.
Result<std::string> first_host(std::string_view list);

/// How many tasks run on host number `node`, from 0, by what SLURM_TASKS_PER_NODE has: 1 for node 3 of "2(x3),1".
/// Errors: invalid_argument, also where the list has no such node.
Result<int> tasks_of(std::string_view list, int node);

}  // namespace psyne::inline v0::slurm
