#pragma once

#include <readerwriterqueue.h>

#include <cstddef>
#include <cstdint>

namespace ring_bench {

/// moodycamel::ReaderWriterQueue, bounded: try_enqueue does not allocate. It has no operations for batches.
class ReaderWriterQueue {
 public:
  ReaderWriterQueue(std::size_t capacity, std::size_t) : queue_(capacity) {}

  ReaderWriterQueue& producer() { return *this; }
  ReaderWriterQueue& consumer() { return *this; }
  bool push(std::uint64_t value) { return queue_.try_enqueue(value); }
  std::size_t push(const std::uint64_t* values, std::size_t) { return push(*values) ? 1 : 0; }
  bool pop(std::uint64_t& value) { return queue_.try_dequeue(value); }
  std::size_t pop(std::uint64_t* values, std::size_t) { return pop(*values) ? 1 : 0; }

 private:
  moodycamel::ReaderWriterQueue<std::uint64_t> queue_;
};

}  // namespace ring_bench
