#include "metrics_feed/board.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace {

template <class... Values>
std::string line(const char* format, Values... values) {
  std::array<char, 160> text{};
  std::snprintf(text.data(), text.size(), format, values...);
  return text.data();
}

}  // namespace

void Board::add(std::string_view topic, const Sample& sample) {
  const std::lock_guard lock(mutex_);
  auto row = rows_.find(topic);
  if (row == rows_.end()) {
    row = rows_.emplace(topic, Row{.now = 0, .least = sample.value, .greatest = sample.value, .samples = 0}).first;
  }
  row->second.now = sample.value;
  row->second.least = std::min(row->second.least, sample.value);
  row->second.greatest = std::max(row->second.greatest, sample.value);
  ++row->second.samples;
}

std::string Board::table() const {
  const std::lock_guard lock(mutex_);
  std::string text = line("  %-22s %10s %10s %10s      %8s\n", "topic", "now", "least", "greatest", "samples");
  for (const Metric& metric : metrics) {
    const std::string topic(metric.topic);
    const auto row = rows_.find(topic);
    const Row shown = row != rows_.end() ? row->second : Row{};
    text += line("  %-22s %10.1f %10.1f %10.1f %-4s %8llu\n", topic.c_str(), shown.now, shown.least, shown.greatest,
                 std::string(metric.unit).c_str(), static_cast<unsigned long long>(shown.samples));
  }
  return text;
}
