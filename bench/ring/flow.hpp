#pragma once

#include "settings.hpp"
#include "threads.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <utility>
#include <vector>

namespace ring_bench {

inline constexpr std::size_t largest_batch = 64;

/// Millions of values a second through a Queue. Each producer pushes 0, 1, 2, ... for the duration; every value is
/// read, and the sums must agree. The clock stops when the last value has arrived.
template <class Queue>
class Flow {
 public:
  Flow(const Settings& settings, const Load& load)
      : settings_(settings),
        load_(load),
        queue_(values_in_flight, load.producers),
        gate_(load.producers + load.consumers) {}

  double run() {
    std::vector<std::thread> threads;
    for (std::size_t index = 0; index < load_.producers; ++index)
      threads.emplace_back([this, index] { produce(index); });
    for (std::size_t index = 0; index < load_.consumers; ++index)
      threads.emplace_back([this, index] { consume(index); });
    for (std::thread& thread : threads) thread.join();
    if (sum_taken_ != sum_given_ || taken_ != given_) {
      std::fputs("a queue lost or made up values\n", stderr);
      std::exit(1);
    }
    const std::chrono::duration<double> seconds(Clock::time_point(Clock::duration(last_)) - start_);
    return static_cast<double>(taken_) / seconds.count() / 1e6;
  }

 private:
  using Clock = std::chrono::steady_clock;

  void produce(std::size_t index) {
    pin(settings_, index);
    auto&& end = queue_.producer();
    Retry retry(load_.crowded(settings_));
    gate_.pass();
    if (index == 0) start_ = Clock::now();
    const Clock::time_point until = Clock::now() + settings_.duration;
    std::uint64_t next = 0;
    while (Clock::now() < until) {
      for (const std::uint64_t stop = next + 4096; next != stop;) {
        if (load_.batch == 1) {
          while (!end.push(next)) retry.wait();
          ++next;
        } else {
          push_batch(end, next, retry);
        }
      }
    }
    given_ += next;
    sum_given_ += next * (next - 1) / 2;
    producers_done_.fetch_add(1);
  }

  template <class End>
  void push_batch(End& end, std::uint64_t& next, Retry& retry) {
    std::array<std::uint64_t, largest_batch> values;
    for (std::size_t i = 0; i < load_.batch; ++i) values[i] = next + i;
    for (std::size_t pushed = 0; pushed < load_.batch;) {
      const std::size_t now = end.push(values.data() + pushed, load_.batch - pushed);
      if (now == 0) retry.wait();
      pushed += now;
    }
    next += load_.batch;
  }

  // The last consumers stand on the last CPUs, so that a lone one does not always share with the first producer.
  void consume(std::size_t index) {
    pin(settings_, settings_.cpus.size() - 1 - index % settings_.cpus.size());
    auto&& end = queue_.consumer();
    Retry retry(load_.crowded(settings_));
    std::array<std::uint64_t, largest_batch> values;
    std::uint64_t count = 0, sum = 0;
    gate_.pass();
    for (;;) {
      std::size_t popped = 0;
      if (load_.batch == 1) {
        std::uint64_t value = 0;
        popped = end.pop(value) ? 1 : 0;
        sum += value;
      } else {
        popped = end.pop(values.data(), load_.batch);
        for (std::size_t i = 0; i < popped; ++i) sum += values[i];
      }
      count += popped;
      if (popped != 0) continue;
      if (producers_done_.load() == load_.producers) {
        taken_ += std::exchange(count, 0);
        if (taken_.load() == given_.load()) break;
      }
      retry.wait();
    }
    sum_taken_ += sum;
    last_ = Clock::now().time_since_epoch().count();
  }

  const Settings& settings_;
  const Load load_;
  Queue queue_;
  Gate gate_;
  Clock::time_point start_;
  std::atomic<Clock::rep> last_{0};
  std::atomic<std::size_t> producers_done_{0};
  std::atomic<std::uint64_t> given_{0}, taken_{0}, sum_given_{0}, sum_taken_{0};
};

}  // namespace ring_bench
