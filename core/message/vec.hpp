#pragma once

#include <psyne/core/message/tensor/dtype.hpp>

#include <array>
#include <cstddef>

namespace psyne::inline v0 {

/// A vector of a size known when compiling: a message by itself, and a field of others.
template <Number E, std::size_t n>
struct Vec {
  std::array<E, n> values{};

  constexpr E& operator[](std::size_t index) { return values[index]; }
  constexpr const E& operator[](std::size_t index) const { return values[index]; }
  static constexpr std::size_t size() { return n; }
  constexpr auto begin() { return values.begin(); }
  constexpr auto begin() const { return values.begin(); }
  constexpr auto end() { return values.end(); }
  constexpr auto end() const { return values.end(); }
  friend constexpr bool operator==(const Vec&, const Vec&) = default;
};

/// A matrix of a size known when compiling, row after row.
template <Number E, std::size_t row_count, std::size_t column_count>
struct Mat {
  std::array<E, row_count * column_count> values{};

  constexpr E& operator()(std::size_t row, std::size_t column) { return values[row * column_count + column]; }
  constexpr const E& operator()(std::size_t row, std::size_t column) const {
    return values[row * column_count + column];
  }
  static constexpr std::size_t rows() { return row_count; }
  static constexpr std::size_t columns() { return column_count; }
  friend constexpr bool operator==(const Mat&, const Mat&) = default;
};

}  // namespace psyne::inline v0
