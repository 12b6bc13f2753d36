#pragma once

#include "digits/images.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

/// For each class a weight for each pixel, and one for itself.
using Weights = std::array<float, classes*(pixels + 1)>;

/// The class that the weights find most likely.
std::uint8_t classify(const Weights& weights, const Image& image);
/// Part of the images that are classified right.
double accuracy(const Weights& weights, std::span<const Image> images);

/// Adds to `gradient` that of the cross-entropy over the images, and returns the cross-entropy; both are means.
double add_gradient(const Weights& weights, std::span<const Image> images, Weights& gradient);
