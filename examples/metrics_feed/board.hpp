#pragma once

#include "metrics_feed/sample.hpp"

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

/// What has come so far, as a table. Any thread.
class Board {
 public:
  void add(std::string_view topic, const Sample& sample);
  /// One line for each metric; the same number of lines each time.
  std::string table() const;

 private:
  struct Row {
    double now = 0, least = 0, greatest = 0;
    std::uint64_t samples = 0;
  };
  mutable std::mutex mutex_;
  std::map<std::string, Row, std::less<>> rows_;
};
