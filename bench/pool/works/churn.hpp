#pragma once

#include <cstdint>

namespace pool_bench {

/// Arithmetic that takes about a nanosecond a step and depends on itself, so that no compiler does it at once: what
/// stands for a job's own work. A wall clock would count the time in which the job does not run.
inline std::uint64_t churn(std::uint64_t steps, std::uint64_t seed) noexcept {
  std::uint64_t value = seed;
  for (std::uint64_t i = 0; i < steps; ++i) value = value * 6364136223846793005u + 1442695040888963407u;
  return value;
}

inline constexpr std::uint64_t ten_microseconds = 10'000;  // steps

}  // namespace pool_bench
