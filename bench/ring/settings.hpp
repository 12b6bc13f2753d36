#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

namespace ring_bench {

/// What the command line says.
struct Settings {
  std::vector<int> cpus;                    // thread i of each role runs on cpus[i % cpus.size()]
  std::chrono::milliseconds duration{200};  // of each measurement
  int rounds = 1;
};

/// How one measurement is loaded.
struct Load {
  std::size_t producers = 1;
  std::size_t consumers = 1;
  std::size_t batch = 1;  // 1: the operations for a single value

  bool crowded(const Settings& settings) const { return producers + consumers > settings.cpus.size(); }
};

/// Values that each producer may have in flight. 64 KiB of them: they stay in a second-level cache, and filling them
/// takes long enough that changing threads on a crowded machine does not count.
inline constexpr std::size_t values_in_flight = 8192;

}  // namespace ring_bench
