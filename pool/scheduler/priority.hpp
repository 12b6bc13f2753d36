#pragma once

#include <cstddef>
#include <cstdint>

namespace psyne::inline v0 {

/// How urgent a job is. What it forks inherits it.
enum class Priority : std::uint8_t { background, low, normal, high, urgent };

inline constexpr std::size_t priorities = 5;

}  // namespace psyne::inline v0
