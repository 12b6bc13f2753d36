#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>

namespace pool_bench {

/// A loop shared out by blocks to whoever comes: what one writes over a pool that has no loops of its own.
class Blocks {
 public:
  Blocks(std::size_t count, unsigned threads)
      : count_(count), block_(std::max<std::size_t>(1, count / (threads * 16))) {}

  /// Calls f(begin, end) for a block after the other, until none is left.
  template <class F>
  void take(F f) {
    for (;;) {
      const std::size_t begin = next_.fetch_add(block_, std::memory_order_relaxed);
      if (begin >= count_) return;
      f(begin, std::min(begin + block_, count_));
    }
  }

 private:
  const std::size_t count_;
  const std::size_t block_;
  std::atomic<std::size_t> next_{0};
};

}  // namespace pool_bench
