#pragma once

#include "pair/samples.hpp"

#include <chrono>
#include <vector>

namespace pool_bench {

using psyne::bench::median;
using psyne::bench::now;

/// Nanoseconds of one run().
template <class Run>
double nanoseconds_of(Run&& run) {
  const std::uint64_t start = now();
  run();
  return static_cast<double>(now() - start);
}

/// The median over runs, each after a prepare() that is not timed, for about `duration` and at least one.
template <class Prepare, class Run>
double median_nanoseconds(std::chrono::nanoseconds duration, Prepare&& prepare, Run&& run) {
  std::vector<double> samples;
  const std::uint64_t end = now() + static_cast<std::uint64_t>(duration.count());
  do {
    prepare();
    samples.push_back(nanoseconds_of(run));
  } while (now() < end);
  return median(std::move(samples));
}

template <class Run>
double median_nanoseconds(std::chrono::nanoseconds duration, Run&& run) {
  return median_nanoseconds(
      duration, [] {}, run);
}

}  // namespace pool_bench
