#pragma once

#include "digits/images.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

/// The class that most of the three nearest images have, each image compared with all others but itself ("leave one
/// out"). Distance: the sum of the squares of the differences of the pixels.
class Neighbours {
 public:
  explicit Neighbours(const std::vector<Image>& images) : images_(images) {}

  std::uint8_t classify(std::size_t image) const;

 private:
  const std::vector<Image>& images_;
};
