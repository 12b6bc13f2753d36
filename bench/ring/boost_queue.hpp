#pragma once

#include <cstddef>
#include <cstdint>

#include <boost/lockfree/spsc_queue.hpp>

namespace ring_bench {

/// Boost.Lockfree's spsc_queue.
class BoostQueue {
 public:
  BoostQueue(std::size_t capacity, std::size_t) : queue_(capacity) {}

  BoostQueue& producer() { return *this; }
  BoostQueue& consumer() { return *this; }
  bool push(std::uint64_t value) { return queue_.push(value); }
  std::size_t push(const std::uint64_t* values, std::size_t count) { return queue_.push(values, count); }
  bool pop(std::uint64_t& value) { return queue_.pop(value); }
  std::size_t pop(std::uint64_t* values, std::size_t count) { return queue_.pop(values, count); }

 private:
  boost::lockfree::spsc_queue<std::uint64_t> queue_;
};

}  // namespace ring_bench
