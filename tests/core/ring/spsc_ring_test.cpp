#include <psyne/core/ring/spsc_ring.hpp>

#include "counted.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using psyne::Code;
using psyne::SpscRing;
using ring_test::Counted;
using ring_test::Wide;

TEST(SpscRing, RoundsItsCapacityUpToAPowerOfTwo) {
  EXPECT_EQ(SpscRing<int>(0).capacity(), 1u);
  EXPECT_EQ(SpscRing<int>(1).capacity(), 1u);
  EXPECT_EQ(SpscRing<int>(3).capacity(), 4u);
  EXPECT_EQ(SpscRing<int>(64).capacity(), 64u);
  EXPECT_EQ(SpscRing<int>(65).capacity(), 128u);
}

TEST(SpscRing, ACapacityThatCannotBeAddressedThrows) {
  EXPECT_THROW(SpscRing<std::uint64_t>(~std::size_t{0}), std::length_error);
  EXPECT_THROW(SpscRing<std::uint64_t>((~std::size_t{0} >> 5) + 1), std::length_error);
}

TEST(SpscRing, IsEmptyAtFirst) {
  SpscRing<int> ring(4);
  EXPECT_TRUE(ring.empty());
  EXPECT_FALSE(ring.full());
  EXPECT_EQ(ring.size(), 0u);
  EXPECT_EQ(ring.try_pop().error().code(), Code::would_block);
  EXPECT_EQ(ring.front(), nullptr);
}

TEST(SpscRing, HoldsExactlyItsCapacityAtEveryPosition) {
  for (const std::size_t capacity : {1u, 2u, 8u}) {
    SpscRing<std::uint64_t> ring(capacity);
    std::uint64_t next = 0, oldest = 0;
    for (int lap = 0; lap < 40; ++lap) {
      while (ring.try_push(next)) ++next;
      ASSERT_EQ(next - oldest, capacity);
      ASSERT_TRUE(ring.full());
      ASSERT_EQ(ring.try_push(next).error().code(), Code::would_block);
      ASSERT_EQ(ring.push_n(&next, 1), 0u);
      for (std::size_t taken = 0; taken < 1 + capacity / 2; ++taken) {
        ASSERT_FALSE(ring.empty());
        ASSERT_EQ(ring.try_pop().value(), oldest++);
        ASSERT_FALSE(ring.full());
      }
    }
    while (auto value = ring.try_pop()) ASSERT_EQ(*value, oldest++);
    EXPECT_EQ(oldest, next);
    EXPECT_TRUE(ring.empty());
  }
}

TEST(SpscRing, ARefusedPushLeavesItsArgumentAlone) {
  SpscRing<std::unique_ptr<int>> ring(1);
  ASSERT_TRUE(ring.try_push(std::make_unique<int>(1)));
  auto second = std::make_unique<int>(2);
  EXPECT_FALSE(ring.try_push(std::move(second)));
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(**ring.try_pop(), 1);
  ring.close();
  EXPECT_EQ(ring.try_push(std::move(second)).error().code(), Code::closed);
  EXPECT_EQ(*second, 2);
}

TEST(SpscRing, DestroysEveryValueOnce) {
  Counted::alive = 0;
  {
    SpscRing<Counted> ring(8);
    std::uint64_t next = 0, oldest = 0;
    for (int lap = 0; lap < 30; ++lap) {
      while (ring.try_emplace(next)) ++next;
      ASSERT_EQ(Counted::alive, 8);
      for (int i = 0; i < 3; ++i) ASSERT_EQ(ring.try_pop().value().value(), oldest++);
      ASSERT_EQ(ring.front()->value(), oldest++);
      ring.release();
      std::vector<Counted> batch;
      batch.emplace_back(0);
      ASSERT_EQ(ring.pop_n(batch.begin(), 1), 1u);
      ASSERT_EQ(batch.front().value(), oldest++);
      batch.clear();
      ASSERT_EQ(Counted::alive, 3);
    }
    while (ring.try_emplace(next)) ++next;
  }
  EXPECT_EQ(Counted::alive, 0);
}

TEST(SpscRing, BatchesOfEverySizeKeepOrderAcrossTheWrap) {
  for (std::size_t batch = 1; batch <= 17; ++batch) {
    SpscRing<std::uint64_t> ring(16);
    std::vector<std::uint64_t> in(batch), out(batch);
    std::uint64_t next = 0, oldest = 0;
    for (int turn = 0; turn < 100; ++turn) {
      std::iota(in.begin(), in.end(), next);
      const std::size_t free = ring.capacity() - ring.size();
      const std::size_t pushed = ring.push_n(in.data(), batch);
      ASSERT_EQ(pushed, std::min(batch, free));
      next += pushed;
      const std::size_t there = ring.size();
      const std::size_t popped = ring.pop_n(out.begin(), 1 + batch / 2);
      ASSERT_EQ(popped, std::min(1 + batch / 2, there));
      for (std::size_t i = 0; i < popped; ++i) ASSERT_EQ(out[i], oldest++);
    }
  }
}

TEST(SpscRing, BatchesMoveWhatCannotBeCopied) {
  SpscRing<std::unique_ptr<int>> ring(4);
  std::array<std::unique_ptr<int>, 5> in, out;
  for (int i = 0; i < 5; ++i) in[static_cast<std::size_t>(i)] = std::make_unique<int>(i);
  EXPECT_EQ(ring.push_n(std::move_iterator(in.begin()), in.size()), 4u);
  EXPECT_EQ(in[3], nullptr);
  EXPECT_EQ(*in[4], 4) << "what did not fit stays with the caller";
  EXPECT_EQ(ring.pop_n(out.begin(), out.size()), 4u);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(*out[static_cast<std::size_t>(i)], i);
}

TEST(SpscRing, FrontStaysUntilRelease) {
  SpscRing<std::string> ring(2);
  ASSERT_TRUE(ring.try_emplace(40u, 'a'));
  std::string* first = ring.front();
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(ring.front(), first);
  ASSERT_TRUE(ring.try_push("b"));
  EXPECT_FALSE(ring.try_push("c")) << "a value in front of its reader still holds its slot";
  EXPECT_EQ(*first, std::string(40, 'a'));
  ring.release();
  EXPECT_TRUE(ring.try_push("c"));
  EXPECT_EQ(*ring.front(), "b");
}

TEST(SpscRing, KnownCountsWhatNeedsNoLookAtTheProducer) {
  SpscRing<int> ring(8);
  EXPECT_EQ(ring.known(), 0u);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(ring.try_push(i));
  EXPECT_EQ(ring.known(), 0u);
  ASSERT_TRUE(ring.try_pop());
  EXPECT_EQ(ring.known(), 4u);
  ASSERT_TRUE(ring.try_push(5));
  EXPECT_EQ(ring.known(), 4u);
  EXPECT_EQ(ring.look(), 5u);
  EXPECT_EQ(ring.known(), 5u);
}

struct ThrowsWhenTold {
  explicit ThrowsWhenTold(bool throws) {
    if (throws) throw std::runtime_error("told to");
  }
};

TEST(SpscRing, AConstructorThatThrowsLeavesTheRingAsItWas) {
  SpscRing<ThrowsWhenTold> ring(2);
  ASSERT_TRUE(ring.try_emplace(false));
  EXPECT_THROW(static_cast<void>(ring.try_emplace(true)), std::runtime_error);
  EXPECT_EQ(ring.size(), 1u);
  EXPECT_TRUE(ring.try_emplace(false));
  EXPECT_EQ(ring.size(), 2u);
}

TEST(SpscRing, AClosedRingDrainsThenSaysSo) {
  SpscRing<int> ring(4);
  ASSERT_TRUE(ring.try_push(1));
  ASSERT_TRUE(ring.try_push(2));
  ring.close();
  ring.close();
  EXPECT_TRUE(ring.closed());
  EXPECT_EQ(ring.try_push(3).error().code(), Code::closed);
  const int value = 3;
  EXPECT_EQ(ring.push_n(&value, 1), 0u);
  EXPECT_EQ(ring.try_pop().value(), 1);
  EXPECT_EQ(ring.try_pop().value(), 2);
  EXPECT_EQ(ring.try_pop().error().code(), Code::closed);
  EXPECT_EQ(ring.try_pop().error().code(), Code::closed);
}

TEST(SpscRing, ValuesOfAnyAlignmentAreAligned) {
  struct alignas(256) Aligned {
    std::uint64_t value;
  };
  SpscRing<Aligned> ring(4);
  for (std::uint64_t i = 0; i < 12; ++i) {
    ASSERT_TRUE(ring.try_push(Aligned{i}));
    Aligned* front = ring.front();
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(front) % 256, 0u);
    ASSERT_EQ(front->value, i);
    ring.release();
  }
}

/// Every way to push against every way to pop, between two threads, over a ring so small that both ends of it meet
/// all the time.
struct Ways {
  std::size_t capacity;
  int push;
  int pop;
};

class SpscRingBetweenThreads : public testing::TestWithParam<Ways> {};

TEST_P(SpscRingBetweenThreads, EveryValueArrivesOnceWholeAndInOrder) {
  constexpr std::uint64_t values = 60'000;
  const Ways ways = GetParam();
  SpscRing<Wide> ring(ways.capacity);
  std::thread producer([&] {
    for (std::uint64_t next = 0; next < values;) {
      std::size_t pushed = 0;
      if (ways.push == 1) {
        pushed = ring.try_push(Wide::of(next)) ? 1 : 0;
      } else {
        std::vector<Wide> batch;
        for (std::uint64_t i = next; i < std::min(values, next + static_cast<std::uint64_t>(ways.push)); ++i) {
          batch.push_back(Wide::of(i));
        }
        pushed = ring.push_n(batch.begin(), batch.size());
      }
      next += pushed;
      if (pushed == 0) std::this_thread::yield();
    }
    ring.close();
  });
  std::uint64_t expected = 0, wrong = 0;
  std::vector<Wide> batch(static_cast<std::size_t>(ways.pop));
  for (bool ended = false; !ended;) {
    if (ways.pop == 0) {
      if (Wide* front = ring.front()) {
        wrong += *front != Wide::of(expected++);
        ring.release();
        continue;
      }
    } else if (ways.pop > 1) {
      const std::size_t popped = ring.pop_n(batch.begin(), batch.size());
      for (std::size_t i = 0; i < popped; ++i) wrong += batch[i] != Wide::of(expected++);
      if (popped != 0) continue;
    }
    auto value = ring.try_pop();
    if (value) {
      wrong += *value != Wide::of(expected++);
    } else if (value.error() == Code::closed) {
      ended = true;
    } else {
      std::this_thread::yield();
    }
  }
  producer.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(expected, values);
}

INSTANTIATE_TEST_SUITE_P(Ways, SpscRingBetweenThreads,
                         testing::Values(Ways{1, 1, 1}, Ways{2, 1, 1}, Ways{4, 1, 0}, Ways{4, 3, 1}, Ways{8, 1, 5},
                                         Ways{64, 7, 9}, Ways{1024, 1, 1}, Ways{1024, 16, 16}, Ways{1024, 100, 0}));

// The end must not overtake the last values: closed may be seen only after all of them.
TEST(SpscRing, CloseRightAfterAPushLosesNothing) {
  for (int round = 0; round < 3000; ++round) {
    SpscRing<int> ring(4);
    std::thread producer([&] {
      static_cast<void>(ring.try_push(round));
      ring.close();
    });
    int seen = 0;
    for (;;) {
      auto value = ring.try_pop();
      if (value) ++seen;
      if (!value && value.error() == Code::closed) break;
      if (!value) std::this_thread::yield();
    }
    producer.join();
    ASSERT_EQ(seen, 1);
  }
}

}  // namespace
