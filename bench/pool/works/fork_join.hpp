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

inline constexpr double forks_of_fib_32 = 3'524'577;  // calls with n of 2 or more

/// Nanoseconds for one fork and join, of two calls that do nothing else.
template <class Peer>
std::optional<double> measure_fib(const Load& load) {
  if constexpr (Forks<Peer>) {
    Peer peer(load.threads);
    std::uint64_t result = 0;
    peer.enter([&] { result = fib(peer, 16); });
    require(result == 987, "fib");
    const double taken = median_nanoseconds(load.duration, [&] { peer.enter([&] { result = fib(peer, 32); }); });
    require(result == 2'178'309, "fib");
    return taken / forks_of_fib_32;
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
    Peer peer(load.threads);
    std::uint64_t result = 0;
    peer.enter([&] { result = skynet(peer, 0, 1000); });
    require(result == 499'500, "skynet");
    const double taken =
        median_nanoseconds(load.duration, [&] { peer.enter([&] { result = skynet(peer, 0, 1'000'000); }); });
    require(result == 499'999'500'000, "skynet");
    return taken / 1'111'110;
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

inline constexpr std::uint64_t tasks_of_12_queens = 856'188;  // ways to place the first one, the first two, ...

/// Nanoseconds for one task.
template <class Peer>
std::optional<double> measure_queens(const Load& load) {
  if constexpr (Forks<Peer> && Groups<Peer>) {
    Peer peer(load.threads);
    std::uint64_t result = 0;
    peer.enter([&] { result = queens(peer, 8, 8, {}); });
    require(result == 92, "nqueens");
    const double taken =
        median_nanoseconds(load.duration, [&] { peer.enter([&] { result = queens(peer, 12, 12, {}); }); });
    require(result == 14'200, "nqueens");
    return taken / tasks_of_12_queens;
  }
  return std::nullopt;
}

}  // namespace pool_bench
