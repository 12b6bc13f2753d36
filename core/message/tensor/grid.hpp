#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>

namespace psyne::inline v0 {

/// Elements E in `rank` dimensions at any strides, as std::mdspan: g(i, j, k) is one multiplication per dimension.
/// Indices are the caller's to keep below extent(d). Valid as long as the draft or the received message.
template <class E, std::size_t rank>
class Grid {
 public:
  Grid(E* data, const std::array<std::uint64_t, rank>& extents, const std::array<std::uint64_t, rank>& strides) noexcept
      : data_(data), extents_(extents), strides_(strides) {}

  std::size_t extent(std::size_t dimension) const { return extents_[dimension]; }
  /// Elements between neighbours.
  std::size_t stride(std::size_t dimension) const { return strides_[dimension]; }

  template <std::integral... Indices>
    requires(sizeof...(Indices) == rank)
  E& operator()(Indices... indices) const {
    std::size_t offset = 0, dimension = 0;
    ((offset += static_cast<std::size_t>(indices) * strides_[dimension++]), ...);
    return data_[offset];
  }

 private:
  E* data_;
  std::array<std::uint64_t, rank> extents_;
  std::array<std::uint64_t, rank> strides_;
};

}  // namespace psyne::inline v0
