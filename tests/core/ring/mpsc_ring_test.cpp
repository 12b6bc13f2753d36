#include <psyne/core/ring/mpsc_ring.hpp>

#include "counted.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <thread>
#include <vector>

namespace {

using psyne::Code;
using psyne::MpscRing;
using ring_test::Counted;

TEST(MpscRing, IsEmptyBeforeTheFirstProducer) {
  MpscRing<int> ring;
  std::array<int, 4> out{};
  EXPECT_TRUE(ring.empty());
  EXPECT_EQ(ring.try_pop().error().code(), Code::would_block);
  EXPECT_EQ(ring.pop_n(out.begin(), out.size()), 0u);
}

TEST(MpscRing, FindsTheOneTrackThatHasAValue) {
  MpscRing<int> ring({.capacity = 4, .producers = 5});
  std::vector<MpscRing<int>::Producer> producers;
  for (int i = 0; i < 5; ++i) producers.push_back(ring.producer().value());
  for (int turn = 0; turn < 20; ++turn) {
    ASSERT_TRUE(producers[static_cast<std::size_t>(turn * 3 % 5)].try_push(turn));
    ASSERT_FALSE(ring.empty());
    ASSERT_EQ(ring.try_pop().value(), turn);
    ASSERT_TRUE(ring.empty());
  }
}

TEST(MpscRing, ABatchComesFromOneProducerInItsOrder) {
  MpscRing<int> ring({.capacity = 8, .producers = 2});
  auto first = ring.producer().value();
  auto second = ring.producer().value();
  const std::array<int, 3> ones{10, 11, 12}, twos{20, 21, 22};
  ASSERT_EQ(first.push_n(ones.begin(), 3), 3u);
  ASSERT_EQ(second.push_n(twos.begin(), 3), 3u);
  std::array<int, 8> out{};
  for (int batch = 0; batch < 2; ++batch) {
    ASSERT_EQ(ring.pop_n(out.begin(), out.size()), 3u);
    EXPECT_EQ(out[1], out[0] + 1);
    EXPECT_EQ(out[2], out[0] + 2);
  }
  EXPECT_EQ(ring.pop_n(out.begin(), out.size()), 0u);
}

TEST(MpscRing, DestroysWhatNobodyTook) {
  Counted::alive = 0;
  {
    MpscRing<Counted> ring({.capacity = 4, .producers = 2});
    auto first = ring.producer().value();
    auto second = ring.producer().value();
    for (std::uint64_t i = 0; i < 3; ++i) {
      ASSERT_TRUE(first.try_emplace(i));
      ASSERT_TRUE(second.try_emplace(i));
    }
    ASSERT_TRUE(ring.try_pop());
    EXPECT_EQ(Counted::alive, 5);
  }
  EXPECT_EQ(Counted::alive, 0);
}

struct MpscStress {
  std::size_t producers, capacity, push, pop;
};

class MpscRingBetweenThreads : public testing::TestWithParam<MpscStress> {};

TEST_P(MpscRingBetweenThreads, EachProducersValuesArriveOnceAndInOrder) {
  constexpr std::uint64_t values = 30'000;
  const MpscStress stress = GetParam();
  MpscRing<std::uint64_t> ring({.capacity = stress.capacity, .producers = stress.producers});
  std::vector<std::thread> threads;
  for (std::size_t index = 0; index < stress.producers; ++index) {
    threads.emplace_back([&ring, &stress, index] {
      auto producer = ring.producer().value();
      std::vector<std::uint64_t> batch(stress.push);
      for (std::uint64_t next = 0; next < values;) {
        const std::size_t count = std::min<std::uint64_t>(stress.push, values - next);
        for (std::size_t i = 0; i < count; ++i) batch[i] = index << 32 | (next + i);
        const std::size_t pushed =
            count == 1 ? (producer.try_push(batch[0]) ? 1 : 0) : producer.push_n(batch.data(), count);
        next += pushed;
        if (pushed == 0) std::this_thread::yield();
      }
    });
  }
  std::thread closer([&] {
    for (std::thread& thread : threads) thread.join();
    ring.close();
  });
  std::vector<std::uint64_t> next(stress.producers), batch(stress.pop);
  std::uint64_t wrong = 0;
  const auto check = [&](std::uint64_t value) { wrong += (value & 0xFFFFFFFF) != next[value >> 32]++; };
  for (;;) {
    if (stress.pop > 1) {
      const std::size_t popped = ring.pop_n(batch.data(), stress.pop);
      std::for_each_n(batch.begin(), popped, check);
      if (popped != 0) continue;
    }
    auto value = ring.try_pop();
    if (value) {
      check(*value);
    } else if (value.error() == Code::closed) {
      break;
    } else {
      std::this_thread::yield();
    }
  }
  closer.join();
  EXPECT_EQ(wrong, 0u);
  for (const std::uint64_t count : next) EXPECT_EQ(count, values);
}

INSTANTIATE_TEST_SUITE_P(Sizes, MpscRingBetweenThreads,
                         testing::Values(MpscStress{1, 1, 1, 1}, MpscStress{2, 2, 1, 1}, MpscStress{3, 64, 1, 1},
                                         MpscStress{2, 1024, 16, 16}, MpscStress{4, 32, 5, 64},
                                         MpscStress{2, 1024, 1, 7}));

}  // namespace
