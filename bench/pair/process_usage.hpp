#pragma once

#include <sys/types.h>

#include <cstdint>

namespace psyne::bench {

/// What a live process, with all its threads, has used so far.
struct ProcessUsage {
  double cpu_seconds = 0;
  std::uint64_t sleeps = 0;       ///< voluntary context switches
  std::uint64_t preemptions = 0;  ///< context switches that others forced on it
};

/// Of any process of this user; throws when it has gone. Context switches are those of all its threads but `left_out`.
ProcessUsage usage_of(pid_t process, pid_t left_out = 0);

/// Bytes of this process's memory; of what it shares with others, its share.
std::uint64_t proportional_memory();

/// Bytes that lie in memory now, and the most that did since the process was forked.
std::uint64_t resident_memory();
std::uint64_t peak_resident_memory();

}  // namespace psyne::bench
