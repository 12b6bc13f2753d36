#pragma once

#include <psyne/core/result/result.hpp>

#include <span>
#include <string>
#include <vector>

namespace psyne::inline v0 {

/// Numbers of CPUs as the kernel counts them, ascending, each once.
using CpuList = std::vector<unsigned>;

/// As the kernel writes them: "0-3,8".
std::string cpu_list_text(std::span<const unsigned> cpus);

/// CPUs that this thread may run on now (sched_getaffinity), at least one: a container's cpuset and taskset show here.
/// Asks the kernel at every call.
CpuList allowed_cpus();

/// How many threads can run at once: the allowed CPUs, or fewer where the cgroup's quota pays for less, rounded up. At
/// least 1. Reads files below /proc and /sys: not for a hot path.
unsigned usable_cpus();

/// Lets the calling thread run on `cpu` alone. Code::invalid_argument when that CPU is not there or not allowed.
Result<void> pin_this_thread(unsigned cpu);

}  // namespace psyne::inline v0
