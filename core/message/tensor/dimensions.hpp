#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

namespace psyne::inline v0 {

/// The most dimensions of a tensor.
inline constexpr std::size_t most_dimensions = 8;

/// The extents, or the strides, of a tensor: up to eight numbers by value. One made from a longer span remembers its
/// length, and Message<Tensor> refuses it. A negative number becomes one that is too large, and is refused as well.
class Dimensions {
 public:
  template <std::integral... Extents>
    requires(sizeof...(Extents) <= most_dimensions)
  constexpr Dimensions(Extents... extents) noexcept  // NOLINT(google-explicit-constructor): {32, 3, 224, 224}
      : extents_{static_cast<std::uint64_t>(extents)...}, size_(sizeof...(Extents)) {}

  explicit constexpr Dimensions(std::span<const std::uint64_t> extents) noexcept : size_(extents.size()) {
    std::copy_n(extents.begin(), std::min(extents.size(), most_dimensions), extents_.begin());
  }

  constexpr std::size_t size() const noexcept { return size_; }
  constexpr bool empty() const noexcept { return size_ == 0; }
  constexpr std::uint64_t& operator[](std::size_t index) { return extents_[index]; }
  constexpr std::uint64_t operator[](std::size_t index) const { return extents_[index]; }
  constexpr const std::uint64_t* begin() const noexcept { return extents_.data(); }
  constexpr const std::uint64_t* end() const noexcept { return extents_.data() + std::min(size_, most_dimensions); }
  friend constexpr bool operator==(const Dimensions& left, const Dimensions& right) noexcept {
    return left.size_ == right.size_ && std::equal(left.begin(), left.end(), right.begin());
  }

 private:
  std::array<std::uint64_t, most_dimensions> extents_{};
  std::size_t size_{0};
};

}  // namespace psyne::inline v0
