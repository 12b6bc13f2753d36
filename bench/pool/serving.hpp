#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace pool_bench {

/// How large the works are; a test under a sanitizer is content with less.
struct Sizes {
  unsigned fib = 32;
  std::uint64_t leaves = 1'000'000;  ///< of skynet, a power of ten
  unsigned queens = 12;
  std::size_t matrix = 512;  ///< rows, a power of two and at least 64
  std::size_t summed = std::size_t{8} << 20;
  std::size_t sorted = 10'000'000;
};

/// How a work is measured: on so many threads, for about so long.
struct Load {
  unsigned threads = 1;
  std::chrono::nanoseconds duration{};
  Sizes sizes = {};
};

/// One work of a program, and its value in `unit`; nothing where this library has no such thing.
struct Work {
  std::string name;
  std::string unit;
  std::function<std::optional<double>(const Load&)> measure;
};

/// Wrong answers end the measurement.
inline void require(bool right, const char* what) {
  if (!right) throw std::runtime_error(std::string(what) + " came to a wrong result");
}

/// The command line that every program of this suite understands.
///
///   PROGRAM [--cpus A,B] --work WORK --size THREADS [--milliseconds N]    one measurement, one line of JSON
///   PROGRAM [--cpus A,B] --serve                                          a line "WORK THREADS MILLISECONDS" in, one
///   out
///
/// Each measurement is a process of its own: no other's threads still spin in it and no other's memory is left, and one
/// that lasts for more than a minute is killed. Returns the program's exit status.
int serve(int argc, char** argv, const std::vector<Work>& works);

}  // namespace pool_bench
