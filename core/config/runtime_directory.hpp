#pragma once

#include <psyne/core/result/result.hpp>

#include <string>

namespace psyne::inline v0 {

/// Where this user's processes meet: $XDG_RUNTIME_DIR/psyne where that directory is there and ours, else
/// /tmp/psyne-<uid>. Not made here, see make_private_directory(). Reads the environment.
std::string runtime_directory();

/// Where files that are only mapped lie, such as counters pages: the runtime directory where that is in memory, else
/// /dev/shm/psyne-<uid> where /dev/shm can be written, else the runtime directory all the same, though there the kernel
/// writes changed pages to the disk now and then. Reads the environment.
std::string mapped_directory();

/// Makes `path` (not its parents) with mode 0700, or accepts what stands there: a directory, no link, of this user,
/// closed to everybody else. Code::refused otherwise, since whoever else may write there can stand between two
/// processes.
Result<void> make_private_directory(const std::string& path);

}  // namespace psyne::inline v0
