#pragma once

#include "digits/images.hpp"

#include <string>

/// The mean image of every class in shades of terminal blocks, five beside each other.
std::string draw_means(const ClassSums& sums);
