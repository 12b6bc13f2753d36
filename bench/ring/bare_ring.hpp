#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ring_bench {

/// The limit: two indices, two cached copies and an array, and nothing that makes a library of it.
class BareRing {
 public:
  BareRing(std::size_t capacity, std::size_t) : mask_(capacity - 1), values_(capacity) {}

  BareRing& producer() { return *this; }
  BareRing& consumer() { return *this; }

  bool push(std::uint64_t value) {
    const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_seen_ > mask_) {
      head_seen_ = head_.load(std::memory_order_acquire);
      if (tail - head_seen_ > mask_) return false;
    }
    values_[tail & mask_] = value;
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

  std::size_t push(const std::uint64_t* values, std::size_t count) {
    const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
    if (mask_ + 1 - (tail - head_seen_) < count) head_seen_ = head_.load(std::memory_order_acquire);
    count = std::min(count, mask_ + 1 - (tail - head_seen_));
    for (std::size_t i = 0; i < count; ++i) values_[(tail + i) & mask_] = values[i];
    tail_.store(tail + count, std::memory_order_release);
    return count;
  }

  bool pop(std::uint64_t& value) {
    const std::uint64_t head = head_.load(std::memory_order_relaxed);
    if (tail_seen_ == head) {
      tail_seen_ = tail_.load(std::memory_order_acquire);
      if (tail_seen_ == head) return false;
    }
    value = values_[head & mask_];
    head_.store(head + 1, std::memory_order_release);
    return true;
  }

  std::size_t pop(std::uint64_t* values, std::size_t count) {
    const std::uint64_t head = head_.load(std::memory_order_relaxed);
    if (tail_seen_ - head < count) tail_seen_ = tail_.load(std::memory_order_acquire);
    count = std::min(count, tail_seen_ - head);
    for (std::size_t i = 0; i < count; ++i) values[i] = values_[(head + i) & mask_];
    head_.store(head + count, std::memory_order_release);
    return count;
  }

 private:
  const std::uint64_t mask_;
  std::vector<std::uint64_t> values_;
  alignas(64) std::atomic<std::uint64_t> tail_{0};
  std::uint64_t head_seen_ = 0;
  alignas(64) std::atomic<std::uint64_t> head_{0};
  std::uint64_t tail_seen_ = 0;
};

}  // namespace ring_bench
