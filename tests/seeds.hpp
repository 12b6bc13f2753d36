#pragma once

#include <cstdint>
#include <cstdlib>

namespace psyne_test {

/// How many seeds a simulation is run with: what PSYNE_TEST_SEEDS says, else `usual`, and a tenth of it under a
/// sanitizer.
inline std::uint64_t seeds(std::uint64_t usual) {
  if (const char* asked = std::getenv("PSYNE_TEST_SEEDS")) return std::strtoull(asked, nullptr, 10);
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  return usual / 10;
#else
  return usual;
#endif
}

}  // namespace psyne_test
