#include "digits/images.hpp"

#include <charconv>
#include <fstream>

using psyne::Code;
using psyne::Error;
using psyne::Result;

Result<std::vector<Image>> read_images(const std::string& path) {
  std::ifstream file(path);
  if (!file) return Error(Code::not_found, "cannot read " + path).mend("Run it from a checkout of psyne.");
  std::vector<Image> images;
  for (std::string line; std::getline(file, line);) {
    Image image{};
    const char* at = line.data();
    const char* end = at + line.size();
    for (std::uint8_t& value : image) {
      const auto [rest, failed] = std::from_chars(at, end, value);
      if (failed != std::errc()) {
        return Error(Code::corrupted, "cannot read " + path).because("line " + std::to_string(images.size() + 1));
      }
      at = rest == end ? end : rest + 1;
    }
    if (image.back() >= classes) return Error(Code::corrupted, "cannot read " + path).because("a class above 9");
    images.push_back(image);
  }
  return images;
}

void ClassSums::add(const std::uint8_t* image) {
  const std::size_t digit = image[pixels];
  ++images[digit];
  for (std::size_t i = 0; i < pixels; ++i) pixel_sums[digit][i] += image[i];
}

void ClassSums::add(const ClassSums& other) {
  for (std::size_t digit = 0; digit < classes; ++digit) {
    images[digit] += other.images[digit];
    for (std::size_t i = 0; i < pixels; ++i) pixel_sums[digit][i] += other.pixel_sums[digit][i];
  }
}
