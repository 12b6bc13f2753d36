#include <psyne/core/park/parker.hpp>
#include <psyne/core/ring/spsc_ring.hpp>

#include <gtest/gtest.h>

#include <array>

#include <explorer/atomics.hpp>
#include <explorer/checked.hpp>
#include <explorer/expectations.hpp>
#include <explorer/mutants.hpp>
#include <explorer/mutated_spsc_ring.hpp>

namespace {

using psyne::Code;
using psyne::no_deadline;
using psyne::no_patience;
using psyne::Parker;
using psyne::SpscRing;
using namespace psyne::explorer;

template <class Atomics>
using Spsc = SpscRing<Checked<int>, Atomics>;

Search deep(std::uint64_t random = 50'000) {
  Search search;
  search.systematic = 150'000;
  search.random = random;
  return search;
}

template <class Ring>
void push(Ring& ring, int value) {
  while (!ring.try_push(value)) ExplorerAtomics::pause();
}

/// Pops until the end; the values must be 0, 1, 2...
template <class Ring>
int drain(Ring& ring) {
  for (int expected = 0;;) {
    auto value = ring.try_pop();
    if (value) {
      require(*value == expected++, "the next value");
    } else if (value.error().code() == Code::closed) {
      return expected;
    } else {
      ExplorerAtomics::pause();
    }
  }
}

/// More values than the ring holds, one by one, then the end.
template <class Ring, int values = 3>
void stream() {
  Ring ring(2);
  ExplorerAtomics::Thread producer([&] {
    for (int value = 0; value < values; ++value) push(ring, value);
    ring.close();
  });
  require(drain(ring) == values, "all values before the end");
  producer.join();
}

TEST(SpscRingExplored, CarriesValuesAroundItsEndAndCloses) {
  expect_sound("SpscRing", stream<Spsc<ExplorerAtomics>>, deep());
}

TEST(SpscRingExplored, OfOneValue) {
  expect_sound(
      "SpscRing of one",
      [] {
        Spsc<ExplorerAtomics> ring(1);
        ExplorerAtomics::Thread producer([&] {
          for (int value = 0; value < 3; ++value) push(ring, value);
          ring.close();
        });
        require(drain(ring) == 3, "all values before the end");
        producer.join();
      },
      deep());
}

TEST(SpscRingExplored, BatchesArePublishedAndGivenBackTogether) {
  expect_sound(
      "SpscRing, batches",
      [] {
        Spsc<ExplorerAtomics> ring(2);
        ExplorerAtomics::Thread producer([&] {
          const std::array<int, 5> values{0, 1, 2, 3, 4};
          for (std::size_t pushed = 0; pushed < values.size();) {
            const std::size_t more = ring.push_n(values.begin() + pushed, values.size() - pushed);
            if (more == 0) ExplorerAtomics::pause();
            pushed += more;
          }
        });
        for (int expected = 0; expected < 5;) {
          std::array<Checked<int>, 3> values;
          const std::size_t popped = ring.pop_n(values.begin(), values.size());
          if (popped == 0) ExplorerAtomics::pause();
          for (std::size_t index = 0; index < popped; ++index) require(values[index] == expected++, "the next value");
        }
        producer.join();
      },
      deep());
}

TEST(SpscRingExplored, FrontStaysUntilItIsReleased) {
  expect_sound(
      "SpscRing, front",
      [] {
        Spsc<ExplorerAtomics> ring(2);
        ExplorerAtomics::Thread producer([&] {
          for (int value = 0; value < 4; ++value) push(ring, value);
        });
        for (int expected = 0; expected < 4;) {
          const Checked<int>* front = ring.front();
          if (front == nullptr) {
            ExplorerAtomics::pause();
            continue;
          }
          require(*front == expected, "the next value");
          require(*front == expected++, "and it stays");
          ring.release();
        }
        producer.join();
      },
      deep());
}

/// Both sides sleep: the ring's promise to Parker, that empty() and full() are exact for their sides.
template <class Atomics>
void sleep_on_both_sides() {
  Spsc<Atomics> ring(1);
  Parker<Atomics> values, room;
  typename Atomics::Thread producer([&] {
    for (int value = 0; value < 3; ++value) {
      room.wait([&] { return !ring.full(); }, no_deadline, no_patience);
      require(ring.try_push(value).has_value(), "room when not full");
      values.wake();
    }
    ring.close();
    values.wake();
  });
  int expected = 0;
  for (;;) {
    values.wait([&] { return !ring.empty() || ring.closed(); }, no_deadline, no_patience);
    auto value = ring.try_pop();
    if (!value) {
      if (value.error().code() == Code::closed) break;
      continue;
    }
    require(*value == expected++, "the next value");
    room.wake();
  }
  require(expected == 3, "all values before the end");
  producer.join();
}

TEST(SpscRingExplored, SleepersOnBothSidesAreWoken) {
  expect_sound("SpscRing, sleeping", sleep_on_both_sides<ExplorerAtomics>, deep());
  expect_found("SpscRing, sleeping without a light barrier", sleep_on_both_sides<LightBarrierMissing>, "sleeps");
  expect_found("SpscRing, sleeping without a heavy barrier", sleep_on_both_sides<HeavyBarrierMissing>, "sleeps");
  expect_found("SpscRing, sleeping without a wake", sleep_on_both_sides<WakeMissing>, "sleeps");
}

TEST(SpscRingExplored, WrongOrdersAreFound) {
  expect_found("SpscRing without release", stream<Spsc<ReleaseMissing>>, "race");
  expect_found("SpscRing without acquire", stream<Spsc<AcquireMissing>>, "race");
}

TEST(SpscRingExplored, EachBugIsFound) {
  using Bug = RingBug;
  expect_sound("mutant ring without a bug", stream<MutatedSpscRing<Bug::none>, 4>);
  expect_found("one credit too many", stream<MutatedSpscRing<Bug::one_credit_too_many>, 4>);
  expect_found("published before written", stream<MutatedSpscRing<Bug::published_before_written>, 4>, "race");
  expect_found("given back before read", stream<MutatedSpscRing<Bug::given_back_before_read>, 4>, "race");
  expect_found("index of a lap ago", stream<MutatedSpscRing<Bug::index_of_a_lap_ago>, 4>);
  expect_found("closed looked at last", stream<MutatedSpscRing<Bug::closed_looked_at_last>, 4>, "all values");
  expect_found("wrapped too late", stream<MutatedSpscRing<Bug::wrapped_too_late>, 4>);
}

}  // namespace
