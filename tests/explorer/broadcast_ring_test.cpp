#include <psyne/core/park/event_count.hpp>
#include <psyne/core/ring/broadcast_ring.hpp>

#include <gtest/gtest.h>

#include <optional>

#include <explorer/atomics.hpp>
#include <explorer/expectations.hpp>
#include <explorer/mutants.hpp>

namespace {

using psyne::BroadcastOptions;
using psyne::BroadcastRing;
using psyne::Code;
using psyne::EventCount;
using psyne::no_deadline;
using psyne::no_patience;
using psyne::SlowConsumer;
using namespace psyne::explorer;

/// Two words that say the same, so that a torn copy shows.
struct Value {
  std::uint64_t number;
  std::uint64_t again;
};

Search wide(std::uint64_t random = 50'000) {
  Search search;
  search.bounds.preemptions = 3;
  search.bounds.weak_choices = 3;
  search.systematic = 100'000;
  search.random = random;
  return search;
}

template <class Ring>
void push(Ring& ring, std::uint64_t number) {
  while (!ring.try_push(Value{number, number})) ExplorerAtomics::pause();
}

/// Pops until the end; the values must follow one another, from the first on. Returns how many.
template <class Consumer>
std::uint64_t drain(Consumer& consumer, std::optional<std::uint64_t> next = std::nullopt) {
  for (std::uint64_t count = 0;;) {
    auto value = consumer.try_pop();
    if (value) {
      require(value->number == value->again, "not torn");
      require(!next || value->number == *next, "the next value");
      next = value->number + 1;
      ++count;
    } else if (value.error().code() == Code::closed) {
      return count;
    } else {
      ExplorerAtomics::pause();
    }
  }
}

/// Consumers that are there from the beginning see all that the ring cannot hold at once.
template <class Atomics>
void show_to_all() {
  constexpr std::uint64_t values = 2;
  BroadcastRing<Value, Atomics> ring({.capacity = 1, .consumers = 2});
  auto here = ring.consumer().value();
  auto there = ring.consumer().value();
  typename Atomics::Thread reader([&] { require(drain(there, 0) == values, "all values"); });
  typename Atomics::Thread producer([&] {
    for (std::uint64_t number = 0; number < values; ++number) push(ring, number);
    ring.close();
  });
  require(drain(here, 0) == values, "all values");
  reader.join(), producer.join();
}

TEST(BroadcastRingExplored, ShowsEveryValueToAll) {
  expect_sound("BroadcastRing", show_to_all<ExplorerAtomics>, wide());
}

/// A consumer comes at any time: it sees no gap, and nothing is missing whose push began after it came.
template <class Atomics>
void join_late() {
  constexpr std::uint64_t values = 3;
  BroadcastRing<Value, Atomics> ring({.capacity = 2, .consumers = 1});
  typename Atomics::template Atomic<bool> came{false};
  std::uint64_t promised = values;
  typename Atomics::Thread producer([&] {
    for (std::uint64_t number = 0; number < values; ++number) {
      if (came.load(std::memory_order_acquire)) promised = std::min(promised, number);
      push(ring, number);
    }
    ring.close();
  });
  auto consumer = ring.consumer().value();
  came.store(true, std::memory_order_release);
  const std::uint64_t seen = drain(consumer);
  producer.join();
  require(seen <= values && seen >= values - promised, "all that were promised");
}

TEST(BroadcastRingExplored, AConsumerMayComeLate) {
  expect_sound("BroadcastRing, coming late", join_late<ExplorerAtomics>, wide());
}

/// The seat of one that goes is taken by another; the producer waits for neither for ever.
template <class Atomics>
void come_and_go() {
  BroadcastRing<Value, Atomics> ring({.capacity = 1, .consumers = 1});
  typename Atomics::Thread producer([&] {
    for (std::uint64_t number = 0; number < 3; ++number) push(ring, number);
    ring.close();
  });
  {
    auto first = ring.consumer().value();
    static_cast<void>(first.try_pop());
  }
  auto second = ring.consumer().value();
  drain(second);
  producer.join();
}

TEST(BroadcastRingExplored, ConsumersComeAndGo) {
  expect_sound("BroadcastRing, coming and going", come_and_go<ExplorerAtomics>, wide());
}

/// One that is overtaken never sees a torn or an old value, and counts what it missed.
template <class Atomics>
void overtake() {
  constexpr std::uint64_t values = 4;
  BroadcastRing<Value, Atomics> ring({.capacity = 2, .consumers = 1, .slow_consumer = SlowConsumer::overtaken});
  auto consumer = ring.consumer().value();
  typename Atomics::Thread producer([&] {
    for (std::uint64_t number = 0; number < values; ++number) {
      require(ring.try_push(Value{number, number}).has_value(), "never refused");
    }
    ring.close();
  });
  std::uint64_t count = 0, next = 0;
  for (;;) {
    auto value = consumer.try_pop();
    if (value) {
      require(value->number == value->again, "not torn");
      require(value->number >= next, "forward only");
      next = value->number + 1;
      ++count;
      require(next == count + consumer.missed(), "each value seen or counted");
    } else if (value.error().code() == Code::closed) {
      break;
    } else {
      ExplorerAtomics::pause();
    }
  }
  require(count + consumer.missed() == values, "all values seen or counted");
  producer.join();
}

TEST(BroadcastRingExplored, AnOvertakenConsumerCountsWhatItMissed) {
  expect_sound("BroadcastRing, overtaken", overtake<ExplorerAtomics>, wide());
}

/// Producer and consumer sleep as the contract says.
template <class Atomics>
void sleep_on_both_sides() {
  BroadcastRing<Value, Atomics> ring({.capacity = 1, .consumers = 1});
  EventCount<Atomics> values, room;
  auto consumer = ring.consumer().value();
  typename Atomics::Thread producer([&] {
    for (std::uint64_t number = 0; number < 2; ++number) {
      room.await([&] { return !ring.full(); }, no_deadline, no_patience);
      require(ring.try_push(Value{number, number}).has_value(), "room when not full");
      values.wake_all();
    }
    ring.close();
    values.wake_all();
  });
  for (std::uint64_t expected = 0; expected < 2;) {
    values.await([&] { return !consumer.empty() || ring.closed(); }, no_deadline, no_patience);
    if (auto value = consumer.try_pop()) {
      require(value->number == expected++, "the next value");
      room.wake();
    }
  }
  producer.join();
}

TEST(BroadcastRingExplored, SleepersOnBothSidesAreWoken) {
  expect_sound("BroadcastRing, sleeping", sleep_on_both_sides<ExplorerAtomics>, wide());
  expect_found("BroadcastRing, sleeping without a light barrier", sleep_on_both_sides<LightBarrierMissing>, "sleeps");
  expect_found("BroadcastRing, sleeping without a wake", sleep_on_both_sides<WakeMissing>, "sleeps");
}

TEST(BroadcastRingExplored, WrongOrdersAreFound) {
  expect_found("BroadcastRing without release", show_to_all<ReleaseMissing>, "required", wide());
  expect_found("BroadcastRing without acquire", show_to_all<AcquireMissing>, "required", wide());
  expect_found("BroadcastRing, overtaken, without release", overtake<ReleaseMissing>, "required", wide());
  expect_found("BroadcastRing, overtaken, without acquire", overtake<AcquireMissing>, "required", wide());
}

}  // namespace
