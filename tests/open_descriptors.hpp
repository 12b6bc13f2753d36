#pragma once

#include <cstddef>
#include <filesystem>
#include <iterator>

namespace psyne_test {

/// How many descriptors this process has open: what comes and goes must leave no more than there were.
inline std::size_t open_descriptors() {
  using std::filesystem::directory_iterator;
  return static_cast<std::size_t>(std::distance(directory_iterator("/proc/self/fd"), directory_iterator()));
}

}  // namespace psyne_test
