#pragma once

#include "pool/serving.hpp"
#include "pool/works/stopwatch.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace pool_bench {

/// A library that forks: enter(f) runs f among its threads, invoke(f...) within runs several and returns when all have.
template <class Peer>
concept Forks = requires(Peer& peer) {
  peer.enter([] {});
  peer.invoke([] {}, [] {});
};

/// As many children as turn out to be needed: Group(peer), run(f), wait().
template <class Peer>
concept Groups = std::is_constructible_v<typename Peer::Group, Peer&> && requires(typename Peer::Group& group) {
  group.run([] {});
  group.wait();
};

template <class Peer>
std::uint64_t fib(Peer& peer, unsigned n) {
  if (n < 2) return n;
  std::uint64_t left = 0;
  std::uint64_t right = 0;
  peer.invoke([&] { left = fib(peer, n - 1); }, [&] { right = fib(peer, n - 2); });
  return left + right;
}

/// Nanoseconds for one fork and join, of two calls that do nothing else.
template <class Peer>
std::optional<double> measure_fib(const Load& load) {
  if constexpr (Forks<Peer>) {
    const unsigned n = load.sizes.fib;
    std::uint64_t expected = 0;
    std::uint64_t next = 1;
    for (unsigned i = 0; i < n; ++i) expected = std::exchange(next, expected + next);
    Peer peer(load.threads);
    std::uint64_t result = 0;
    peer.enter([&] { fib(peer, n / 2); });
    const double taken = median_nanoseconds(load.duration, [&] { peer.enter([&] { result = fib(peer, n); }); });
    require(result == expected, "fib");
    const std::uint64_t forks = next - 1;  // as many calls have n of 2 or more
    return taken / static_cast<double>(forks);
  }
  return std::nullopt;
}

/// The sum of `count` numbers from `first` on: each level forks ten.
template <class Peer>
std::uint64_t skynet(Peer& peer, std::uint64_t first, std::uint64_t count) {
  if (count == 1) return first;
  std::array<std::uint64_t, 10> sums{};
  const std::uint64_t part = count / 10;
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    peer.invoke([&] { sums[I] = skynet(peer, first + I * part, part); }...);
  }(std::make_index_sequence<10>());
  std::uint64_t sum = 0;
  for (const std::uint64_t one : sums) sum += one;
  return sum;
}

/// Nanoseconds for one of a million leaves or of the forks above them.
template <class Peer>
std::optional<double> measure_skynet(const Load& load) {
  if constexpr (Forks<Peer>) {
    const std::uint64_t leaves = load.sizes.leaves;
    Peer peer(load.threads);
    std::uint64_t result = 0;
    peer.enter([&] { skynet(peer, 0, leaves / 1000); });
    const double taken =
        median_nanoseconds(load.duration, [&] { peer.enter([&] { result = skynet(peer, 0, leaves); }); });
    require(result == leaves * (leaves - 1) / 2, "skynet");
    return taken / static_cast<double>((leaves - 1) * 10 / 9);
  }
  return std::nullopt;
}

/// Squares that are attacked in a row: by column, and by the diagonals to the left and to the right.
struct Attacked {
  std::uint32_t columns = 0;
  std::uint32_t left = 0;
  std::uint32_t right = 0;

  std::uint32_t free(unsigned size) const noexcept { return ~(columns | left | right) & ((1u << size) - 1); }
  Attacked with(std::uint32_t queen) const noexcept {
    return {columns | queen, (left | queen) << 1, (right | queen) >> 1};
  }
};

/// In how many ways `rows` more queens fit. Every queen that is placed is a task.
template <class Peer>
std::uint64_t queens(Peer& peer, unsigned size, unsigned rows, Attacked attacked) {
  if (rows == 0) return 1;
  std::array<std::uint64_t, 16> ways{};
  std::size_t children = 0;
  typename Peer::Group group(peer);
  for (std::uint32_t free = attacked.free(size); free != 0; free &= free - 1) {
    group.run([&peer, size, rows, next = attacked.with(free & -free), &one = ways[children++]] {
      one = queens(peer, size, rows - 1, next);
    });
  }
  group.wait();
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < children; ++i) sum += ways[i];
  return sum;
}

/// What queens() comes to, and as how many tasks, counted without a library.
struct Placed {
  std::uint64_t ways = 0;
  std::uint64_t tasks = 0;
};

inline void place(Placed& placed, unsigned size, unsigned rows, Attacked attacked) {
  if (rows == 0) {
    ++placed.ways;
    return;
  }
  for (std::uint32_t free = attacked.free(size); free != 0; free &= free - 1) {
    ++placed.tasks;
    place(placed, size, rows - 1, attacked.with(free & -free));
  }
}

/// Nanoseconds for one task.
template <class Peer>
std::optional<double> measure_queens(const Load& load) {
  if constexpr (Forks<Peer> && Groups<Peer>) {
    const unsigned size = load.sizes.queens;
    Placed placed;
    place(placed, size, size, {});
    Peer peer(load.threads);
    std::uint64_t result = 0;
    peer.enter([&] { queens(peer, size / 2, size / 2, {}); });
    const double taken =
        median_nanoseconds(load.duration, [&] { peer.enter([&] { result = queens(peer, size, size, {}); }); });
    require(result == placed.ways, "nqueens");
    return taken / static_cast<double>(placed.tasks);
  }
  return std::nullopt;
}

}  // namespace pool_bench
