#include <psyne/core/ring/mpmc_ring.hpp>

#include "counted.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

namespace {

using psyne::Code;
using psyne::MpmcRing;
using ring_test::Counted;

TEST(MpmcRing, EveryConsumerFindsTheOneTrackThatHasAValue) {
  MpmcRing<int> ring({.capacity = 4, .producers = 5});
  std::vector<MpmcRing<int>::Producer> producers;
  std::vector<MpmcRing<int>::Consumer> consumers;
  for (int i = 0; i < 5; ++i) producers.push_back(ring.producer().value());
  for (int i = 0; i < 7; ++i) consumers.push_back(ring.consumer());
  for (std::size_t turn = 0; turn < 70; ++turn) {
    ASSERT_TRUE(producers[turn * 3 % 5].try_push(static_cast<int>(turn)));
    ASSERT_EQ(consumers[turn * 5 % 7].try_pop().value(), static_cast<int>(turn));
    ASSERT_EQ(consumers[turn * 2 % 7].try_pop().error().code(), Code::would_block);
  }
}

TEST(MpmcRing, AConsumerMadeBeforeAnyProducerFindsThemLater) {
  MpmcRing<int> ring({.capacity = 4, .producers = 3});
  auto consumer = ring.consumer();
  EXPECT_EQ(consumer.try_pop().error().code(), Code::would_block);
  auto producer = ring.producer().value();
  ASSERT_TRUE(producer.try_push(1));
  EXPECT_EQ(consumer.try_pop().value(), 1);
}

TEST(MpmcRing, EveryConsumerSeesTheEnd) {
  MpmcRing<int> ring({.capacity = 4, .producers = 1});
  auto first = ring.consumer();
  auto second = ring.consumer();
  {
    auto producer = ring.producer().value();
    ASSERT_TRUE(producer.try_push(1));
  }
  ring.close();
  EXPECT_EQ(second.try_pop().value(), 1);
  EXPECT_EQ(first.try_pop().error().code(), Code::closed);
  EXPECT_EQ(second.try_pop().error().code(), Code::closed);
  EXPECT_EQ(ring.consumer().try_pop().error().code(), Code::closed);
}

TEST(MpmcRing, MovesValuesThatCannotBeCopied) {
  MpmcRing<std::unique_ptr<int>> ring({.capacity = 4, .producers = 1});
  auto producer = ring.producer().value();
  auto consumer = ring.consumer();
  ASSERT_TRUE(producer.try_emplace(std::make_unique<int>(1)));
  std::array<std::unique_ptr<int>, 2> in{std::make_unique<int>(2), std::make_unique<int>(3)}, out;
  ASSERT_EQ(producer.push_n(std::move_iterator(in.begin()), 2), 2u);
  EXPECT_EQ(**consumer.try_pop(), 1);
  ASSERT_EQ(consumer.pop_n(out.begin(), 2), 2u);
  EXPECT_EQ(*out[0], 2);
  EXPECT_EQ(*out[1], 3);
}

TEST(MpmcRing, DestroysWhatNobodyTook) {
  Counted::alive = 0;
  {
    MpmcRing<Counted> ring({.capacity = 4, .producers = 1});
    auto producer = ring.producer().value();
    for (std::uint64_t i = 0; i < 4; ++i) ASSERT_TRUE(producer.try_emplace(i));
    ASSERT_TRUE(ring.consumer().try_pop());
  }
  EXPECT_EQ(Counted::alive, 0);
}

struct MpmcStress {
  std::size_t producers, consumers, capacity, batch;
};

class MpmcRingBetweenThreads : public testing::TestWithParam<MpmcStress> {};

// Each value is taken by exactly one consumer; what one consumer takes of one producer comes in order.
TEST_P(MpmcRingBetweenThreads, EveryValueIsTakenOnce) {
  constexpr std::uint64_t values = 20'000;
  const MpmcStress stress = GetParam();
  MpmcRing<std::uint64_t> ring({.capacity = stress.capacity, .producers = stress.producers});
  std::vector<std::atomic<int>> seen(stress.producers * values);
  std::atomic<std::uint64_t> disorder{0}, taken{0};
  std::vector<std::thread> producers, consumers;
  for (std::size_t index = 0; index < stress.producers; ++index) {
    producers.emplace_back([&ring, &stress, index] {
      auto producer = ring.producer().value();
      std::vector<std::uint64_t> batch(stress.batch);
      for (std::uint64_t next = 0; next < values;) {
        const std::size_t count = std::min<std::uint64_t>(stress.batch, values - next);
        for (std::size_t i = 0; i < count; ++i) batch[i] = index * values + next + i;
        const std::size_t pushed =
            count == 1 ? (producer.try_push(batch[0]) ? 1 : 0) : producer.push_n(batch.data(), count);
        next += pushed;
        if (pushed == 0) std::this_thread::yield();
      }
    });
  }
  for (std::size_t index = 0; index < stress.consumers; ++index) {
    consumers.emplace_back([&] {
      auto consumer = ring.consumer();
      std::vector<std::uint64_t> batch(stress.batch), last(stress.producers, ~std::uint64_t{0});
      const auto check = [&](std::uint64_t value) {
        std::uint64_t& before = last[value / values];
        if (before != ~std::uint64_t{0} && before >= value) disorder.fetch_add(1);
        before = value;
        seen[value].fetch_add(1);
        taken.fetch_add(1);
      };
      for (;;) {
        if (stress.batch > 1) {
          const std::size_t popped = consumer.pop_n(batch.data(), stress.batch);
          std::for_each_n(batch.begin(), popped, check);
          if (popped != 0) continue;
        }
        auto value = consumer.try_pop();
        if (value) {
          check(*value);
        } else if (value.error() == Code::closed) {
          return;
        } else {
          std::this_thread::yield();
        }
      }
    });
  }
  for (std::thread& thread : producers) thread.join();
  ring.close();
  for (std::thread& thread : consumers) thread.join();
  EXPECT_EQ(disorder, 0u);
  EXPECT_EQ(taken, stress.producers * values);
  EXPECT_TRUE(std::all_of(seen.begin(), seen.end(), [](const std::atomic<int>& count) { return count == 1; }));
}

INSTANTIATE_TEST_SUITE_P(Sizes, MpmcRingBetweenThreads,
                         testing::Values(MpmcStress{1, 2, 1, 1}, MpmcStress{2, 2, 2, 1}, MpmcStress{2, 2, 1024, 1},
                                         MpmcStress{1, 4, 64, 3}, MpmcStress{3, 2, 64, 16}, MpmcStress{4, 4, 8, 1}));

}  // namespace
