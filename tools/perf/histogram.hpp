#pragma once

#include <string>
#include <vector>

namespace psyne_tool {

/// Sorted times as a small chart of bars, buckets growing by a quarter, up to the 99.9th percentile.
std::string histogram(const std::vector<double>& sorted_ns);

}  // namespace psyne_tool
