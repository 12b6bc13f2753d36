#include "parameter_server/softmax.hpp"

#include <algorithm>
#include <cmath>

namespace {

constexpr float brightest = 16;
using Scores = std::array<float, classes>;

Scores scores(const Weights& weights, const Image& image) {
  Scores sums{};
  for (std::size_t one = 0; one < classes; ++one) {
    const float* row = weights.data() + one * (pixels + 1);
    float sum = row[pixels];
    for (std::size_t i = 0; i < pixels; ++i) sum += row[i] * static_cast<float>(image[i]) / brightest;
    sums[one] = sum;
  }
  return sums;
}

/// Scores become probabilities.
void soften(Scores& sums) {
  const float highest = *std::ranges::max_element(sums);
  float total = 0;
  for (float& sum : sums) total += sum = std::exp(sum - highest);
  for (float& sum : sums) sum /= total;
}

}  // namespace

std::uint8_t classify(const Weights& weights, const Image& image) {
  const Scores sums = scores(weights, image);
  return static_cast<std::uint8_t>(std::ranges::max_element(sums) - sums.begin());
}

double accuracy(const Weights& weights, std::span<const Image> images) {
  const auto right =
      std::ranges::count_if(images, [&](const Image& image) { return classify(weights, image) == image[pixels]; });
  return static_cast<double>(right) / static_cast<double>(images.size());
}

double add_gradient(const Weights& weights, std::span<const Image> images, Weights& gradient) {
  const auto part = 1.0F / static_cast<float>(images.size());
  double loss = 0;
  for (const Image& image : images) {
    Scores likely = scores(weights, image);
    soften(likely);
    loss -= std::log(static_cast<double>(likely[image[pixels]]) + 1e-12);
    likely[image[pixels]] -= 1;
    for (std::size_t one = 0; one < classes; ++one) {
      float* row = gradient.data() + one * (pixels + 1);
      for (std::size_t i = 0; i < pixels; ++i) row[i] += part * likely[one] * static_cast<float>(image[i]) / brightest;
      row[pixels] += part * likely[one];
    }
  }
  return loss / static_cast<double>(images.size());
}
