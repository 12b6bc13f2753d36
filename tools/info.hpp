#pragma once

#include <cstdint>

namespace psyne_tool {

/// `psyne info`: what this build is, what works here and why not, limits, configuration and where each value came from,
/// and what running processes count.
int info(bool json);

/// `psyne info PID`: what that process counts.
int info_of(std::int64_t process, bool json);

}  // namespace psyne_tool
