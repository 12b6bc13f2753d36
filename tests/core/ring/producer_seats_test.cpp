#include <psyne/core/ring/mpmc_ring.hpp>
#include <psyne/core/ring/mpsc_ring.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using psyne::Code;

// What MpscRing and MpmcRing share: producers that come, go and end the ring.
struct Mpsc {
  using Ring = psyne::MpscRing<int>;
  static Ring& consumer(Ring& ring) { return ring; }
};
struct Mpmc {
  using Ring = psyne::MpmcRing<int>;
  static Ring::Consumer consumer(Ring& ring) { return ring.consumer(); }
};

template <class Kind>
class ProducerSeats : public testing::Test {};
using Kinds = testing::Types<Mpsc, Mpmc>;
TYPED_TEST_SUITE(ProducerSeats, Kinds);

TYPED_TEST(ProducerSeats, TheLastSeatTakenIsAnErrorThatNamesTheOption) {
  typename TypeParam::Ring ring({.capacity = 4, .producers = 2});
  auto first = ring.producer();
  auto second = ring.producer();
  ASSERT_TRUE(first);
  ASSERT_TRUE(second);
  auto third = ring.producer();
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code(), Code::exhausted);
  EXPECT_NE(third.error().text().find("TrackOptions::producers"), std::string::npos);
  first = Code::closed;  // the first producer leaves
  EXPECT_TRUE(ring.producer());
}

TYPED_TEST(ProducerSeats, ARingWithoutSeatsSaysSo) {
  typename TypeParam::Ring ring({.capacity = 4, .producers = 0});
  EXPECT_EQ(ring.producer().error().code(), Code::exhausted);
  ring.close();
  decltype(auto) consumer = TypeParam::consumer(ring);
  EXPECT_EQ(consumer.try_pop().error().code(), Code::closed);
}

TYPED_TEST(ProducerSeats, WhatALeaverPushedComesBeforeWhatItsSuccessorPushes) {
  typename TypeParam::Ring ring({.capacity = 8, .producers = 1});
  decltype(auto) consumer = TypeParam::consumer(ring);
  for (int generation = 0; generation < 4; ++generation) {
    auto producer = ring.producer().value();
    ASSERT_TRUE(producer.try_push(2 * generation));
    ASSERT_TRUE(producer.try_push(2 * generation + 1));
  }
  for (int expected = 0; expected < 8; ++expected) ASSERT_EQ(consumer.try_pop().value(), expected);
  EXPECT_EQ(consumer.try_pop().error().code(), Code::would_block) << "no producer is no end: another may come";
}

TYPED_TEST(ProducerSeats, CloseRefusesPushesAndNewProducersAtOnce) {
  typename TypeParam::Ring ring({.capacity = 8, .producers = 2});
  auto producer = ring.producer().value();
  ASSERT_TRUE(producer.try_push(1));
  ring.close();
  EXPECT_TRUE(ring.closed());
  EXPECT_TRUE(producer.closed());
  EXPECT_EQ(producer.try_push(2).error().code(), Code::closed);
  EXPECT_EQ(ring.producer().error().code(), Code::closed);
}

TYPED_TEST(ProducerSeats, TheEndWaitsForTheLastValueAndTheLastProducer) {
  typename TypeParam::Ring ring({.capacity = 8, .producers = 3});
  decltype(auto) consumer = TypeParam::consumer(ring);
  auto first = std::optional(ring.producer().value());
  auto second = std::optional(ring.producer().value());
  ASSERT_TRUE(second->try_push(7));
  ring.close();
  first.reset();
  EXPECT_FALSE(ring.ended());
  EXPECT_EQ(consumer.try_pop().value(), 7);
  EXPECT_EQ(consumer.try_pop().error().code(), Code::would_block) << "the second producer may still be pushing";
  EXPECT_FALSE(ring.ended());
  second.reset();
  EXPECT_TRUE(ring.ended());
  EXPECT_EQ(consumer.try_pop().error().code(), Code::closed);
  EXPECT_EQ(ring.producer().error().code(), Code::closed) << "nobody may join an ended ring";
}

TYPED_TEST(ProducerSeats, AMovedProducerLeavesOnce) {
  typename TypeParam::Ring ring({.capacity = 4, .producers = 1});
  auto producer = std::optional(ring.producer().value());
  auto moved = std::move(*producer);
  producer.reset();
  EXPECT_EQ(ring.producer().error().code(), Code::exhausted) << "the seat went with the move";
  EXPECT_TRUE(moved.try_push(1));
}

TYPED_TEST(ProducerSeats, EachProducerHasItsOwnRoom) {
  typename TypeParam::Ring ring({.capacity = 2, .producers = 2});
  auto first = ring.producer().value();
  auto second = ring.producer().value();
  ASSERT_TRUE(first.try_push(1));
  ASSERT_TRUE(first.try_push(2));
  EXPECT_TRUE(first.full());
  EXPECT_EQ(first.try_push(3).error().code(), Code::would_block);
  EXPECT_FALSE(second.full());
  EXPECT_TRUE(second.try_push(4));
  EXPECT_EQ(ring.size(), 3u);
}

// A producer that always has something must not keep the others from being heard.
TYPED_TEST(ProducerSeats, ABusyProducerStarvesNobody) {
  typename TypeParam::Ring ring({.capacity = 1024, .producers = 3});
  auto busy = ring.producer().value();
  auto quiet = ring.producer().value();
  decltype(auto) consumer = TypeParam::consumer(ring);
  for (int i = 0; i < 100; ++i) static_cast<void>(busy.try_push(0));
  ASSERT_TRUE(quiet.try_push(1));
  int before = 0;
  for (; before < 2000; ++before) {
    while (busy.try_push(0)) {
    }
    if (consumer.try_pop().value() == 1) break;
  }
  EXPECT_LT(before, 1000);
}

// Producers that join and leave while others push and a consumer drains: nothing is lost, the end comes.
TYPED_TEST(ProducerSeats, ManyShortLivedProducersLoseNothing) {
  typename TypeParam::Ring ring({.capacity = 16, .producers = 2});
  constexpr int threads = 3, lives = 400, values = 5;
  std::vector<std::thread> producers;
  for (int thread = 0; thread < threads; ++thread) {
    producers.emplace_back([&ring] {
      for (int life = 0; life < lives;) {
        auto producer = ring.producer();
        if (!producer) {
          std::this_thread::yield();
          continue;
        }
        for (int value = 0; value < values;) {
          if (producer->try_push(1)) {
            ++value;
          } else {
            std::this_thread::yield();
          }
        }
        ++life;
      }
    });
  }
  int sum = 0;
  std::thread taker([&] {
    decltype(auto) consumer = TypeParam::consumer(ring);
    for (;;) {
      auto value = consumer.try_pop();
      if (value) {
        sum += *value;
      } else if (value.error() == Code::closed) {
        return;
      } else {
        std::this_thread::yield();
      }
    }
  });
  for (std::thread& producer : producers) producer.join();
  ring.close();
  taker.join();
  EXPECT_EQ(sum, threads * lives * values);
}

}  // namespace
