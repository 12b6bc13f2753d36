#pragma once

#include <concurrentqueue.h>

#include <cstddef>
#include <cstdint>

namespace ring_bench {

/// moodycamel::ConcurrentQueue with tokens for both sides and its bulk operations for batches.
///
/// It is not bounded by itself, and its try_enqueue may starve a producer for good when another one has all blocks. So
/// `Bounded` holds it to the capacity of the others the way its documentation offers: a producer looks at size_approx()
/// once in 1024 values and waits while there are too many. Without the bound a producer runs ahead until its time slice
/// ends, some megabytes at a time; that is measured too, under another name.
template <bool Bounded>
class ConcurrentQueue {
  using Queue = moodycamel::ConcurrentQueue<std::uint64_t>;

 public:
  class Producer {
   public:
    Producer(Queue& queue, std::size_t limit) : queue_(queue), token_(queue), limit_(limit) {}

    bool push(std::uint64_t value) { return may_push(1) && queue_.enqueue(token_, value); }
    std::size_t push(const std::uint64_t* values, std::size_t count) {
      return may_push(count) && queue_.enqueue_bulk(token_, values, count) ? count : 0;
    }

   private:
    bool may_push(std::size_t count) {
      if constexpr (Bounded) {
        if (unchecked_ >= 1024) {
          if (queue_.size_approx() > limit_) return false;
          unchecked_ = 0;
        }
        unchecked_ += count;
      }
      return true;
    }

    Queue& queue_;
    moodycamel::ProducerToken token_;
    std::size_t limit_;
    std::size_t unchecked_ = 0;
  };

  class Consumer {
   public:
    explicit Consumer(Queue& queue) : queue_(queue), token_(queue) {}

    bool pop(std::uint64_t& value) { return queue_.try_dequeue(token_, value); }
    std::size_t pop(std::uint64_t* values, std::size_t count) { return queue_.try_dequeue_bulk(token_, values, count); }

   private:
    Queue& queue_;
    moodycamel::ConsumerToken token_;
  };

  ConcurrentQueue(std::size_t capacity, std::size_t producers)
      : queue_(capacity * producers, producers, 0), limit_(capacity * producers) {}

  Producer producer() { return Producer(queue_, limit_); }
  Consumer consumer() { return Consumer(queue_); }

 private:
  Queue queue_;
  std::size_t limit_;
};

}  // namespace ring_bench
