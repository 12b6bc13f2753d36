#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace pool_bench {

/// How a work is measured: on so many threads, for about so long.
struct Load {
  unsigned threads = 1;
  std::chrono::nanoseconds duration{};
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
