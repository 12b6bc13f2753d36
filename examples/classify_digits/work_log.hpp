#pragma once

#include <psyne.hpp>

#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

/// Who did which item when. Each item writes its own line, so that threads need not know of each other.
class WorkLog {
 public:
  using Time = psyne::Clock::time_point;
  struct Line {
    std::thread::id thread;
    Time begin, end;
  };

  explicit WorkLog(std::size_t items) : lines_(items) {}

  /// function(), noted as the work on `item`.
  template <class Function>
  auto note(std::size_t item, Function&& function) {
    const Time begin = psyne::Clock::now();
    auto result = function();
    lines_[item] = {std::this_thread::get_id(), begin, psyne::Clock::now()};
    return result;
  }

  const std::vector<Line>& lines() const { return lines_; }
  /// In the order in which they came.
  std::vector<std::thread::id> threads() const;

 private:
  std::vector<Line> lines_;
};
