#pragma once

#include "pool/serving.hpp"
#include "pool/works/churn.hpp"
#include "pool/works/large_pages.hpp"
#include "pool/works/stopwatch.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace pool_bench {

/// for_each(count, f) calls f(i) for every i below count, and returns when all have been.
template <class Peer>
concept Loops = requires(Peer& peer) { peer.for_each(std::size_t{1}, [](std::size_t) {}); };

/// As above, told that items differ much, where a library wants to know.
template <class Peer, class Body>
void for_each_uneven(Peer& peer, std::size_t count, Body body) {
  if constexpr (requires { peer.for_each_uneven(count, body); }) {
    peer.for_each_uneven(count, body);
  } else {
    peer.for_each(count, body);
  }
}

/// sum(values), modulo 2^64.
template <class Peer>
concept Sums = requires(Peer& peer) { peer.sum(std::span<const std::uint64_t>()); };

/// sort(values), ascending.
template <class Peer>
concept Sorts = requires(Peer& peer) { peer.sort(std::span<std::uint32_t>()); };

/// Whether a library does the same on so few threads as a program without it.
template <class Peer>
bool too_few(const Load& load) noexcept {
  if constexpr (requires { Peer::least_threads; }) return load.threads < Peer::least_threads;
  return false;
}

/// Microseconds for a loop over 1,000 items of less than a nanosecond each.
template <class Peer>
std::optional<double> measure_tiny_items(const Load& load) {
  if constexpr (Loops<Peer>) {
    if (too_few<Peer>(load)) return std::nullopt;
    std::vector<std::uint64_t> values(1000);
    Peer peer(load.threads);
    std::uint64_t runs = 0;
    const double taken = median_nanoseconds(load.duration, [&] {
      ++runs;
      peer.for_each(values.size(), [&](std::size_t i) { values[i] += i ^ runs; });
    });
    std::vector<std::uint64_t> expected(values.size());
    for (std::uint64_t run = 1; run <= runs; ++run) {
      for (std::size_t i = 0; i < expected.size(); ++i) expected[i] += i ^ run;
    }
    require(values == expected, "a loop of tiny items");
    return taken * 1e-3;
  }
  return std::nullopt;
}

inline constexpr std::size_t uneven_items = 4096;

/// From 1 to 1,000 times the cost of the first, more and more towards the end.
inline std::uint64_t steps_of(std::size_t item) noexcept {
  constexpr std::uint64_t least = 4;
  return static_cast<std::uint64_t>(
      std::lround(least * std::pow(1000.0, static_cast<double>(item) / static_cast<double>(uneven_items - 1))));
}

/// Microseconds for a loop over 4,096 items whose costs differ.
template <class Peer>
std::optional<double> measure_uneven_items(const Load& load) {
  if constexpr (Loops<Peer>) {
    if (too_few<Peer>(load)) return std::nullopt;
    std::vector<std::uint64_t> steps(uneven_items), values(uneven_items), expected(uneven_items);
    for (std::size_t i = 0; i < uneven_items; ++i) {
      steps[i] = steps_of(i);
      expected[i] = churn(steps[i], i);
    }
    Peer peer(load.threads);
    const auto clear = [&] { std::ranges::fill(values, 0); };
    const auto run = [&] {
      for_each_uneven(peer, uneven_items, [&](std::size_t i) { values[i] = churn(steps[i], i); });
    };
    run();
    const double taken = median_nanoseconds(load.duration, clear, run);
    require(values == expected, "a loop of uneven items");
    return taken * 1e-3;
  }
  return std::nullopt;
}

/// Milliseconds to add up 64 MiB.
template <class Peer>
std::optional<double> measure_sum(const Load& load) {
  if constexpr (Sums<Peer>) {
    if (too_few<Peer>(load)) return std::nullopt;
    const LargePages<std::uint64_t> pages(load.sizes.summed);
    const std::span<std::uint64_t> values = pages.values();
    std::uint64_t expected = 0;
    for (std::size_t i = 0; i < values.size(); ++i) expected += values[i] = churn(1, i);
    Peer peer(load.threads);
    std::uint64_t result = 0;
    bool right = true;
    const auto clear = [&] { values[0] += 1, expected += 1; };
    const auto run = [&] { result = peer.sum(values); };
    run();
    const double taken = median_nanoseconds(load.duration, clear, [&] {
      run();
      right = right && result == expected;
    });
    require(right, "a sum");
    return taken * 1e-6;
  }
  return std::nullopt;
}

/// Milliseconds to sort 10 million random numbers.
template <class Peer>
std::optional<double> measure_sort(const Load& load) {
  if constexpr (Sorts<Peer>) {
    if (too_few<Peer>(load)) return std::nullopt;
    std::vector<std::uint32_t> random(load.sizes.sorted);
    std::uint64_t state = 1;
    std::uint64_t expected = 0;
    for (std::uint32_t& value : random) {
      state = churn(1, state);
      value = static_cast<std::uint32_t>(state >> 32);
      expected += value;
    }
    const LargePages<std::uint32_t> pages(random.size());
    const std::span<std::uint32_t> values = pages.values();
    std::ranges::copy(random, values.begin());
    Peer peer(load.threads);
    peer.sort(values.first(values.size() / 16));
    const double taken = median_nanoseconds(
        load.duration, [&] { std::ranges::copy(random, values.begin()); }, [&] { peer.sort(values); });
    std::uint64_t sum = 0;
    for (const std::uint32_t value : values) sum += value;
    require(sum == expected && std::ranges::is_sorted(values), "a sort");
    return taken * 1e-6;
  }
  return std::nullopt;
}

}  // namespace pool_bench
