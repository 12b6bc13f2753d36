#pragma once

#include <sys/types.h>

#include <cstdint>

namespace psyne::bench {

/// What a live process, with all its threads, has used so far.
struct ProcessUsage {
  double cpu_seconds = 0;
  std::uint64_t sleeps = 0;  ///< voluntary context switches
};

/// Of any process of this user; throws when it has gone.
ProcessUsage usage_of(pid_t process);

/// Bytes of this process's memory; of what it shares with others, its share.
std::uint64_t proportional_memory();

}  // namespace psyne::bench
