#include <psyne/core/park/event_count.hpp>
#include <psyne/core/ring/mpmc_ring.hpp>
#include <psyne/core/ring/mpsc_ring.hpp>

#include <gtest/gtest.h>

#include <array>
#include <optional>

#include <explorer/atomics.hpp>
#include <explorer/checked.hpp>
#include <explorer/expectations.hpp>
#include <explorer/mutants.hpp>

// MpscRing and MpmcRing, which are made of Tracks.
namespace {

using psyne::Code;
using psyne::EventCount;
using psyne::MpmcRing;
using psyne::MpscRing;
using psyne::no_deadline;
using psyne::no_patience;
using namespace psyne::explorer;

template <class Atomics>
using Mpsc = MpscRing<Checked<int>, Atomics>;
template <class Atomics>
using Mpmc = MpmcRing<Checked<int>, Atomics>;

/// Three or four threads: two preemptions of every kind, more of them at random.
Search wide(std::uint64_t random = 50'000) {
  Search search;
  search.bounds.preemptions = 2;
  search.bounds.weak_choices = 3;
  search.systematic = 100'000;
  search.random = random;
  return search;
}

/// Pushes until there was room or the ring was closed; how many got in.
template <class Producer>
int push_until_closed(Producer& producer, int first, int count) {
  for (int pushed = 0; pushed < count;) {
    const auto result = producer.try_push(first + pushed);
    if (result) {
      ++pushed;
    } else if (result.error().code() == Code::closed) {
      return pushed;
    } else {
      ExplorerAtomics::pause();
    }
  }
  return count;
}

/// What consumers got of two producers, whose values begin at 10 and at 20.
struct Got {
  std::array<int, 3> next{0, 10, 20};
  int count = 0;

  void operator()(int value) {
    int& expected = next[static_cast<std::size_t>(value / 10)];
    require(value == expected, "the producer's next value");
    ++expected;
    ++count;
  }
};

/// Pops until the end.
template <class Consumer, class Take>
void drain(Consumer& consumer, Take&& take) {
  for (;;) {
    auto value = consumer.try_pop();
    if (value) {
      take(value->get());
    } else if (value.error().code() == Code::closed) {
      return;
    } else {
      ExplorerAtomics::pause();
    }
  }
}

/// Two producers come, push two values each and go; the last one closes.
template <class Atomics>
void two_producers() {
  Mpsc<Atomics> ring({.capacity = 1, .producers = 2});
  const auto produce = [&](int first) {
    auto producer = ring.producer().value();
    require(push_until_closed(producer, first, 2) == 2, "all let in");
  };
  typename Atomics::Thread one([&] { produce(10); });
  typename Atomics::Thread two([&] {
    produce(20);
    one.join();
    ring.close();
  });
  Got got;
  drain(ring, got);
  require(got.count == 4, "all values before the end");
  two.join();
}

TEST(MpscRingExplored, KeepsEachProducersOrderAndLosesNothingBeforeTheEnd) {
  expect_sound("MpscRing", two_producers<ExplorerAtomics>, wide());
}

TEST(MpscRingExplored, WrongOrdersAreFound) {
  expect_found("MpscRing without release", two_producers<ReleaseMissing>, "race", wide());
  expect_found("MpscRing without acquire", two_producers<AcquireMissing>, "race", wide());
}

/// Somebody else closes at any time: what was let in comes out, then the end.
template <class Atomics>
void close_at_any_time() {
  Mpsc<Atomics> ring({.capacity = 2, .producers = 2});
  int pushed = 0;
  typename Atomics::Thread one([&] {
    auto producer = ring.producer();
    if (producer) pushed = push_until_closed(*producer, 10, 2);
  });
  typename Atomics::Thread closer([&] { ring.close(); });
  Got got;
  drain(ring, got);
  one.join(), closer.join();
  require(got.count == pushed, "all that were let in came out");
}

TEST(MpscRingExplored, WhatWasLetInComesOutHoweverItCloses) {
  expect_sound("MpscRing, closed at any time", close_at_any_time<ExplorerAtomics>, wide());
}

TEST(MpscRingExplored, ASeatIsInheritedWithItsValues) {
  expect_sound(
      "MpscRing, one seat",
      [] {
        Mpsc<ExplorerAtomics> ring({.capacity = 4, .producers = 1});
        const auto produce = [&](int first) {
          for (;;) {
            if (auto producer = ring.producer()) {
              require(push_until_closed(*producer, first, 1) == 1, "let in");
              return;
            }
            ExplorerAtomics::pause();
          }
        };
        ExplorerAtomics::Thread one([&] { produce(10); });
        ExplorerAtomics::Thread two([&] {
          produce(20);
          one.join();
          ring.close();
        });
        Got got;
        drain(ring, got);
        require(got.count == 2, "both values");
        two.join();
      },
      wide());
}

/// The consumer sleeps as the contract says: on `empty() && !ended()`, woken after pushes, goings and the close.
template <class Atomics>
void sleep_for_values() {
  Mpsc<Atomics> ring({.capacity = 2, .producers = 2});
  EventCount<Atomics> arrivals;
  typename Atomics::Thread one([&] {
    {
      auto producer = ring.producer().value();
      require(push_until_closed(producer, 10, 1) == 1, "let in");
      arrivals.wake();
    }
    arrivals.wake();
    ring.close();
    arrivals.wake();
  });
  Got got;
  for (;;) {
    arrivals.await([&] { return !ring.empty() || ring.ended(); }, no_deadline, no_patience);
    auto value = ring.try_pop();
    if (value) {
      got(value->get());
    } else if (value.error().code() == Code::closed) {
      break;
    }
  }
  require(got.count == 1, "the value");
  one.join();
}

TEST(MpscRingExplored, ASleepingConsumerIsWoken) {
  expect_sound("MpscRing, sleeping", sleep_for_values<ExplorerAtomics>, wide());
  expect_found("MpscRing, sleeping without a light barrier", sleep_for_values<LightBarrierMissing>, "sleeps");
  expect_found("MpscRing, sleeping without a wake", sleep_for_values<WakeMissing>, "sleeps");
}

/// Producers and consumers, two each: every value once.
template <class Atomics, int values>
void two_and_two() {
  Mpmc<Atomics> ring({.capacity = 1, .producers = 2});
  const auto produce = [&](int first) {
    auto producer = ring.producer().value();
    require(push_until_closed(producer, first, values) == values, "all let in");
  };
  typename Atomics::Thread one([&] { produce(10); });
  typename Atomics::Thread two([&] {
    produce(20);
    one.join();
    ring.close();
  });
  std::array<bool, 30> seen{};
  const auto consume = [&] {
    auto consumer = ring.consumer();
    std::array<int, 3> last{};
    drain(consumer, [&](int value) {
      require(!std::exchange(seen[static_cast<std::size_t>(value)], true), "each value once");
      require(std::exchange(last[static_cast<std::size_t>(value / 10)], value) < value, "in the producer's order");
    });
  };
  typename Atomics::Thread taker(consume);
  consume();
  two.join(), taker.join();
  for (int value = 0; value < values; ++value) {
    require(seen[static_cast<std::size_t>(10 + value)] && seen[static_cast<std::size_t>(20 + value)], "every value");
  }
}

TEST(MpmcRingExplored, GivesEveryValueToOneConsumer) {
  expect_sound("MpmcRing, one value each", two_and_two<ExplorerAtomics, 1>, wide());
  expect_sound("MpmcRing, two values each", two_and_two<ExplorerAtomics, 2>, wide());
}

TEST(MpmcRingExplored, WrongOrdersAndWrongTurnsAreFound) {
  expect_found("MpmcRing without release", two_and_two<ReleaseMissing, 2>, "race", wide());
  expect_found("MpmcRing without acquire", two_and_two<AcquireMissing, 2>, "race", wide());
  expect_found("MpmcRing whose turns everybody gets", two_and_two<ExchangeAlwaysWins, 2>, "", wide());
}

}  // namespace
