#include "digits/drawing.hpp"

#include <algorithm>

namespace {

constexpr std::size_t side = 8, beside = 5;

const char* shade(double value) {
  constexpr std::array<const char*, 5> shades{"  ", "░░", "▒▒", "▓▓", "██"};
  const auto index = static_cast<std::size_t>(value / 16.0 * static_cast<double>(shades.size()));
  return shades[std::min(index, shades.size() - 1)];
}

}  // namespace

std::string draw_means(const ClassSums& sums) {
  std::string text;
  for (std::size_t first = 0; first < classes; first += beside) {
    text += "\n";
    for (std::size_t row = 0; row < side; ++row) {
      text += "  ";
      for (std::size_t digit = first; digit < first + beside; ++digit) {
        const double images = static_cast<double>(std::max<std::uint64_t>(sums.images[digit], 1));
        for (std::size_t column = 0; column < side; ++column) {
          text += shade(static_cast<double>(sums.pixel_sums[digit][row * side + column]) / images);
        }
        text += "  ";
      }
      text += "\n";
    }
  }
  return text;
}
