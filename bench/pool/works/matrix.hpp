#pragma once

#include "pool/works/fork_join.hpp"
#include "pool/works/large_pages.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace pool_bench {

inline constexpr std::size_t row_length = 512 + 8;  // rows 4 KiB apart would share a few lines of each cache
inline constexpr std::size_t leaf_size = 64;        // three of them lie in a first- or second-level cache

/// A square within a matrix.
template <class Value>
struct Square {
  Value* first;

  Square quarter(std::size_t row, std::size_t column, std::size_t half) const noexcept {
    return {first + row * half * row_length + column * half};
  }
};

/// c += a * b for squares of leaf_size. The same machine code for everybody: compiled into each program by itself it
/// took 25 ms here and 41 there, by where its loop happened to lie.
void multiply_leaf(Square<double> c, Square<const double> a, Square<const double> b) noexcept;

/// c += a * b by quarters: four products at a time, each of another quarter of c.
template <class Peer>
void multiply(Peer& peer, Square<double> c, Square<const double> a, Square<const double> b, std::size_t size) {
  if (size == leaf_size) return multiply_leaf(c, a, b);
  const std::size_t half = size / 2;
  for (const std::size_t k : {0, 1}) {
    const auto product = [&, k](std::size_t row, std::size_t column) {
      multiply(peer, c.quarter(row, column, half), a.quarter(row, k, half), b.quarter(k, column, half), half);
    };
    peer.invoke([&] { product(0, 0); }, [&] { product(0, 1); }, [&] { product(1, 0); }, [&] { product(1, 1); });
  }
}

/// Milliseconds to multiply two matrices of doubles, 512 by 512.
template <class Peer>
std::optional<double> measure_matrix(const Load& load) {
  if constexpr (Forks<Peer>) {
    const std::size_t size = load.sizes.matrix;
    const LargePages<double> pages(3 * size * row_length);
    const std::span<double> a = pages.values().first(size * row_length);
    const std::span<double> b = pages.values().subspan(a.size(), a.size());
    const std::span<double> c = pages.values().last(a.size());
    std::vector<double> columns(size), rows(size);
    for (std::size_t i = 0; i < size; ++i) {
      for (std::size_t j = 0; j < size; ++j) {
        columns[j] += a[i * row_length + j] = static_cast<double>((i + j) % 7);
        rows[i] += b[i * row_length + j] = static_cast<double>((i * j) % 11);
      }
    }
    double expected = 0;  // the sum of the product's values: whole numbers, so it is exact
    for (std::size_t k = 0; k < size; ++k) expected += columns[k] * rows[k];
    Peer peer(load.threads);
    const auto clear = [&] { std::ranges::fill(c, 0.0); };
    const auto run = [&] { peer.enter([&] { multiply(peer, {c.data()}, {a.data()}, {b.data()}, size); }); };
    run();
    const double taken = median_nanoseconds(load.duration, clear, run);
    double sum = 0;
    for (const double value : c) sum += value;
    require(sum == expected, "matrix multiply");
    return taken * 1e-6;
  }
  return std::nullopt;
}

}  // namespace pool_bench
