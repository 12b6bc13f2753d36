#include "classify_digits/work_log.hpp"

#include <algorithm>

std::vector<std::thread::id> WorkLog::threads() const {
  std::vector<Line> in_order = lines_;
  std::ranges::sort(in_order, {}, &Line::begin);
  std::vector<std::thread::id> threads;
  for (const Line& line : in_order) {
    if (std::ranges::find(threads, line.thread) == threads.end()) threads.push_back(line.thread);
  }
  return threads;
}
