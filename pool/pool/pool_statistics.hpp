#pragma once

#include <cstdint>

namespace psyne::inline v0 {

/// What a pool has done since it was opened, over all its threads and guests; only grows.
struct PoolStatistics {
  std::uint64_t runs = 0;     ///< jobs that were begun, and pieces of parallel work that were taken from who had them
  std::uint64_t stolen = 0;   ///< of those, taken from where another thread had put them aside
  std::uint64_t sleeps = 0;   ///< times that a thread went to sleep between two jobs
  std::uint64_t limited = 0;  ///< times that a thread was wanted, or a guest came, when there were max_threads
};

}  // namespace psyne::inline v0
