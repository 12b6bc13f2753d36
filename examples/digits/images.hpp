#pragma once

#include <psyne.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

/// One handwritten digit: 64 pixels of 0..16, row by row, then its class.
using Image = std::array<std::uint8_t, 65>;
inline constexpr std::size_t pixels = 64;
inline constexpr std::size_t classes = 10;

psyne::Result<std::vector<Image>> read_images(const std::string& path);

/// Sum of pixels and number of images of each class.
struct ClassSums {
  std::array<std::array<std::uint64_t, pixels>, classes> pixel_sums{};
  std::array<std::uint64_t, classes> images{};

  void add(const std::uint8_t* image);
  void add(const ClassSums& other);
};
