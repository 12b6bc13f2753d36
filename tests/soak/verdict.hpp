#pragma once

#include <cstdint>
#include <string_view>

namespace psyne_soak {

/// Tells of a broken promise on the standard error output, the first twenty times, and counts it. Any thread.
void wrong(std::string_view piece, std::uint64_t seed, std::string_view promise) noexcept;

/// How many there were.
std::uint64_t wrongs() noexcept;

}  // namespace psyne_soak
