#pragma once

#include <psyne.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace psyne_tool {

struct PerfOptions {
  std::string uri;
  std::vector<std::size_t> sizes{8, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576};
  double seconds_per_size = 0.4;
  bool json = false;
  bool histogram = true;
};

/// What was measured for one message size. Times are one way: half a round trip.
struct PerfRow {
  std::size_t bytes = 0;
  double p50_ns = 0, p99_ns = 0, p999_ns = 0, max_ns = 0;
  double messages_per_second = 0;  ///< streamed one way, several in flight
  double gigabytes_per_second = 0;
  std::vector<double> one_way_ns;  ///< every round trip's half, sorted
};

/// Measures latency and throughput between two processes (memory://: two threads), each on a CPU of its own, every
/// payload byte filled before and read after. Prints as it goes unless told to print JSON.
psyne::Result<std::vector<PerfRow>> measure(const PerfOptions& options);

/// `psyne perf URI`.
int perf(const PerfOptions& options);

}  // namespace psyne_tool
