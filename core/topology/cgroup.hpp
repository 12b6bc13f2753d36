#pragma once

#include <optional>
#include <string>

namespace psyne::inline v0 {

/// How many CPUs' worth of time the control groups of this process may use per period: the least of its own group's and
/// all its ancestors' that are visible; version 2 (cpu.max) and version 1 (cpu.cfs_quota_us). Nothing where no limit is
/// set, or where /proc or /sys tell nothing. `root` stands before every path, for tests.
std::optional<double> cpu_quota(const std::string& root = "");

}  // namespace psyne::inline v0
