#include "classify_digits/neighbours.hpp"

#include <array>

namespace {

struct Neighbour {
  std::int32_t distance;
  std::uint8_t digit;
};

std::int32_t distance(const Image& one, const Image& other) {
  std::int32_t sum = 0;
  for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
    const std::int32_t difference = one[pixel] - other[pixel];
    sum += difference * difference;
  }
  return sum;
}

/// Of three that all differ, the nearest one.
std::uint8_t vote(const std::array<Neighbour, 3>& nearest) {
  return nearest[1].digit == nearest[2].digit ? nearest[1].digit : nearest[0].digit;
}

}  // namespace

std::uint8_t Neighbours::classify(std::size_t image) const {
  constexpr Neighbour none{1 << 30, 0};
  std::array<Neighbour, 3> nearest{none, none, none};
  for (std::size_t other = 0; other < images_.size(); ++other) {
    if (other == image) continue;
    const Neighbour found{distance(images_[image], images_[other]), images_[other][pixels]};
    if (found.distance >= nearest[2].distance) continue;
    std::size_t place = 2;
    for (; place > 0 && found.distance < nearest[place - 1].distance; --place) nearest[place] = nearest[place - 1];
    nearest[place] = found;
  }
  return vote(nearest);
}
