#include "tools/perf/histogram.hpp"

#include "tools/table.hpp"

#include <algorithm>
#include <cmath>

namespace psyne_tool {

std::string histogram(const std::vector<double>& sorted_ns) {
  constexpr double growth = 1.25;
  constexpr std::size_t widest = 50, most_rows = 16;
  if (sorted_ns.empty()) return {};
  const double last = sorted_ns[std::min(sorted_ns.size() - 1, sorted_ns.size() * 999 / 1000)];
  std::string text;
  double from = std::max(sorted_ns.front(), 1.0);
  auto begin = sorted_ns.begin();
  std::vector<std::pair<double, std::size_t>> bars;
  while (from <= last && bars.size() < most_rows) {
    const double to = bars.size() + 1 == most_rows ? last + 1 : from * growth;
    const auto end = std::ranges::lower_bound(begin, sorted_ns.end(), to);
    bars.emplace_back(from, static_cast<std::size_t>(end - begin));
    begin = end;
    from = to;
  }
  std::size_t most = 1;
  for (const auto& [start, count] : bars) most = std::max(most, count);
  for (const auto& [start, count] : bars) {
    const std::size_t length = (count * widest + most - 1) / most;
    const std::string label = digits(start) + " ns";
    text += "  " + std::string(label.size() < 10 ? 10 - label.size() : 0, ' ') + label + " |" +
            std::string(length, '#') + " " + std::to_string(count) + "\n";
  }
  return text;
}

}  // namespace psyne_tool
