#include <psyne/core/ring/broadcast_ring.hpp>

#include "counted.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

using psyne::BroadcastRing;
using psyne::Code;
using psyne::SlowConsumer;
using ring_test::Wide;

TEST(BroadcastRing, EveryConsumerSeesEveryValue) {
  BroadcastRing<int> ring({.capacity = 8, .consumers = 3});
  auto first = ring.consumer().value();
  auto second = ring.consumer().value();
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(ring.try_push(i));
    ASSERT_EQ(first.try_pop().value(), i);
    ASSERT_EQ(second.try_pop().value(), i);
    ASSERT_EQ(first.try_pop().error().code(), Code::would_block);
  }
}

TEST(BroadcastRing, ValuesWithoutAConsumerAreShownToNobody) {
  BroadcastRing<int> ring({.capacity = 2, .consumers = 1});
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(ring.try_push(i));
  auto consumer = ring.consumer().value();
  EXPECT_TRUE(consumer.empty());
  EXPECT_EQ(consumer.try_pop().error().code(), Code::would_block);
  ASSERT_TRUE(ring.try_push(10));
  EXPECT_EQ(consumer.try_pop().value(), 10) << "from the first push after it joined";
}

TEST(BroadcastRing, ASlowConsumerIsWaitedFor) {
  BroadcastRing<int> ring({.capacity = 4, .consumers = 2});
  auto slow = ring.consumer().value();
  auto fast = ring.consumer().value();
  int next = 0;
  for (int turn = 0; turn < 30; ++turn) {
    while (ring.try_push(next)) ++next;
    ASSERT_EQ(next, turn + 4);
    ASSERT_TRUE(ring.full());
    while (fast.try_pop()) {
    }
    ASSERT_TRUE(ring.full()) << "the fast one does not count";
    ASSERT_EQ(slow.try_pop().value(), turn);
    ASSERT_FALSE(ring.full());
  }
  EXPECT_EQ(slow.missed(), 0u);
}

TEST(BroadcastRing, ASlowConsumerThatLeavesIsNotWaitedFor) {
  BroadcastRing<int> ring({.capacity = 2, .consumers = 2});
  auto slow = std::optional(ring.consumer().value());
  auto fast = ring.consumer().value();
  ASSERT_TRUE(ring.try_push(0));
  ASSERT_TRUE(ring.try_push(1));
  EXPECT_EQ(fast.try_pop().value(), 0);
  EXPECT_FALSE(ring.try_push(2));
  slow.reset();
  EXPECT_TRUE(ring.try_push(2));
  EXPECT_FALSE(ring.try_push(3)) << "the fast one is now the slowest";
}

TEST(BroadcastRing, AConsumerThatJoinsAFullRingIsWaitedForAsWell) {
  BroadcastRing<int> ring({.capacity = 2, .consumers = 2});
  auto first = ring.consumer().value();
  ASSERT_TRUE(ring.try_push(0));
  ASSERT_TRUE(ring.try_push(1));
  auto second = ring.consumer().value();
  EXPECT_FALSE(ring.try_push(2));
  EXPECT_EQ(first.try_pop().value(), 0);
  EXPECT_EQ(first.try_pop().value(), 1);
  ASSERT_TRUE(ring.try_push(2));
  ASSERT_TRUE(ring.try_push(3));
  EXPECT_EQ(first.try_pop().value(), 2);
  EXPECT_FALSE(ring.try_push(4));
  EXPECT_EQ(second.try_pop().value(), 2);
}

TEST(BroadcastRing, AnOvertakenConsumerGoesOnHalfARingBehindAndCounts) {
  BroadcastRing<int> ring({.capacity = 8, .consumers = 1, .slow_consumer = SlowConsumer::overtaken});
  auto consumer = ring.consumer().value();
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(ring.try_push(i));
  ASSERT_EQ(consumer.try_pop().value(), 0) << "a ring behind is not overtaken yet";
  for (int i = 8; i < 20; ++i) ASSERT_TRUE(ring.try_push(i));
  EXPECT_FALSE(ring.full());
  EXPECT_EQ(consumer.try_pop().value(), 16);
  EXPECT_EQ(consumer.missed(), 15u);
  std::array<int, 8> rest{};
  ASSERT_EQ(consumer.pop_n(rest.begin(), rest.size()), 3u);
  EXPECT_EQ(rest[2], 19);
  EXPECT_EQ(consumer.missed(), 15u);
}

TEST(BroadcastRing, TheSmallestRingOvertakesToo) {
  BroadcastRing<int> ring({.capacity = 1, .consumers = 1, .slow_consumer = SlowConsumer::overtaken});
  auto consumer = ring.consumer().value();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(ring.try_push(i));
  EXPECT_EQ(consumer.try_pop().value(), 4);
  EXPECT_EQ(consumer.missed(), 4u);
}

TEST(BroadcastRing, BatchesOfEverySizeKeepOrder) {
  for (std::size_t batch = 1; batch <= 9; ++batch) {
    BroadcastRing<std::uint64_t> ring({.capacity = 8, .consumers = 1});
    auto consumer = ring.consumer().value();
    std::vector<std::uint64_t> in(batch), out(batch + 1);
    std::uint64_t next = 0, oldest = 0;
    for (int turn = 0; turn < 60; ++turn) {
      std::iota(in.begin(), in.end(), next);
      const std::size_t pushed = ring.push_n(in.begin(), batch);
      ASSERT_EQ(pushed, std::min<std::uint64_t>(batch, 8 - (next - oldest)));
      next += pushed;
      const std::size_t there = next - oldest;
      const std::size_t popped = consumer.pop_n(out.data(), 1 + batch / 2);
      ASSERT_EQ(popped, std::min<std::uint64_t>(1 + batch / 2, there));
      for (std::size_t i = 0; i < popped; ++i) ASSERT_EQ(out[i], oldest++);
    }
  }
}

TEST(BroadcastRing, SeatsRunOutAndComeBack) {
  BroadcastRing<int> ring({.capacity = 2, .consumers = 1});
  auto consumer = std::optional(ring.consumer().value());
  auto second = ring.consumer();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Code::exhausted);
  EXPECT_NE(second.error().text().find("BroadcastOptions::consumers"), std::string::npos);
  consumer.reset();
  EXPECT_TRUE(ring.consumer()) << "one that was never let in leaves as well";
  for (int generation = 0; generation < 20; ++generation) {
    auto next = ring.consumer().value();
    ASSERT_TRUE(ring.try_push(generation));
    ASSERT_EQ(next.try_pop().value(), generation);
    auto moved = std::move(next);
    ASSERT_TRUE(ring.try_push(-1));
    ASSERT_EQ(moved.try_pop().value(), -1);
  }
}

TEST(BroadcastRing, EveryConsumerDrainsThenSeesTheEnd) {
  BroadcastRing<int> ring({.capacity = 4, .consumers = 3});
  auto first = ring.consumer().value();
  auto second = ring.consumer().value();
  ASSERT_TRUE(ring.try_push(1));
  auto late = ring.consumer().value();
  ring.close();
  EXPECT_EQ(ring.try_push(2).error().code(), Code::closed);
  const int value = 2;
  EXPECT_EQ(ring.push_n(&value, 1), 0u);
  EXPECT_FALSE(first.ended());
  EXPECT_EQ(first.try_pop().value(), 1);
  EXPECT_TRUE(first.ended());
  EXPECT_EQ(first.try_pop().error().code(), Code::closed);
  EXPECT_EQ(second.try_pop().value(), 1);
  EXPECT_EQ(late.try_pop().error().code(), Code::closed);
}

TEST(BroadcastRing, ValuesOfOddSizesComeBackWhole) {
  struct Odd {
    std::uint8_t bytes[13];
  };
  BroadcastRing<Odd> ring({.capacity = 4, .consumers = 1});
  auto consumer = ring.consumer().value();
  for (int i = 0; i < 10; ++i) {
    Odd odd{};
    std::fill(std::begin(odd.bytes), std::end(odd.bytes), static_cast<std::uint8_t>(i));
    ASSERT_TRUE(ring.try_push(odd));
    const Odd seen = consumer.try_pop().value();
    for (const std::uint8_t byte : seen.bytes) ASSERT_EQ(byte, i);
  }
}

TEST(BroadcastRing, BetweenThreadsNobodyMissesAValue) {
  constexpr std::uint64_t values = 30'000;
  for (const std::size_t capacity : {std::size_t{1}, std::size_t{4}, std::size_t{256}}) {
    BroadcastRing<Wide> ring({.capacity = capacity, .consumers = 3});
    std::atomic<std::uint64_t> wrong{0};
    std::vector<std::thread> threads;
    for (std::size_t index = 0; index < 3; ++index) {
      threads.emplace_back([&wrong, index, consumer = ring.consumer().value()]() mutable {
        std::uint64_t next = 0;
        std::vector<Wide> batch(1 + index * 7);
        for (;;) {
          const std::size_t popped = consumer.pop_n(batch.begin(), batch.size());
          for (std::size_t i = 0; i < popped; ++i) wrong += batch[i] != Wide::of(next++);
          if (popped != 0) continue;
          if (consumer.ended()) break;
          std::this_thread::yield();
        }
        wrong += next != values;
      });
    }
    for (std::uint64_t next = 0; next < values;) {
      if (ring.try_push(Wide::of(next))) {
        ++next;
      } else {
        std::this_thread::yield();
      }
    }
    ring.close();
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0u) << capacity;
  }
}

// Overtaken while it reads: what arrives is whole and in order, and what does not is counted.
TEST(BroadcastRing, BetweenThreadsAnOvertakenConsumerSeesNoTornValue) {
  constexpr std::uint64_t values = 200'000;
  for (const std::size_t batch : {std::size_t{1}, std::size_t{3}, std::size_t{8}}) {
    BroadcastRing<Wide> ring({.capacity = 8, .consumers = 2, .slow_consumer = SlowConsumer::overtaken});
    auto consumer = ring.consumer().value();
    std::thread producer([&] {
      std::vector<Wide> some(batch);
      for (std::uint64_t next = 0; next < values; next += batch) {
        for (std::size_t i = 0; i < batch; ++i) some[i] = Wide::of(next + i);
        static_cast<void>(ring.push_n(some.begin(), batch));
        if (next % 512 < batch) std::this_thread::yield();
      }
      ring.close();
    });
    std::uint64_t wrong = 0, seen = 0;
    for (;;) {
      auto value = consumer.try_pop();
      if (value) {
        wrong += *value != Wide::of(seen + consumer.missed());
        ++seen;
      } else if (value.error() == Code::closed) {
        break;
      } else {
        std::this_thread::yield();
      }
    }
    producer.join();
    EXPECT_EQ(wrong, 0u);
    EXPECT_EQ(seen + consumer.missed(), (values + batch - 1) / batch * batch);
  }
}

// Consumers that come and go under a running producer: each sees an unbroken run that begins where it joined.
TEST(BroadcastRing, BetweenThreadsEachVisitorSeesAnUnbrokenRun) {
  constexpr std::uint64_t enough_visits = 60, at_most = 100'000'000;
  BroadcastRing<std::uint64_t> ring({.capacity = 16, .consumers = 3});
  std::atomic<std::uint64_t> pushed{0}, wrong{0}, visits{0};
  std::vector<std::thread> visitors;
  for (int thread = 0; thread < 3; ++thread) {
    visitors.emplace_back([&] {
      for (bool ended = false; !ended; visits.fetch_add(1)) {
        const std::uint64_t before = pushed.load();
        auto consumer = ring.consumer().value();
        std::optional<std::uint64_t> last;
        for (int taken = 0; taken < 100 && !ended;) {
          auto value = consumer.try_pop();
          if (value) {
            wrong += last ? *value != *last + 1 : *value < before;
            last = *value;
            ++taken;
          } else {
            ended = value.error() == Code::closed;
            std::this_thread::yield();
          }
        }
      }
    });
  }
  for (std::uint64_t next = 0; visits.load() < enough_visits && next < at_most;) {
    if (ring.try_push(next)) {
      pushed.store(++next);
    } else {
      std::this_thread::yield();
    }
  }
  ring.close();
  for (std::thread& visitor : visitors) visitor.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_GE(visits, enough_visits);
}

}  // namespace
