#include <gtest/gtest.h>

#include <set>
#include <stdexcept>

#include <explorer/atomics.hpp>
#include <explorer/checked.hpp>
#include <explorer/explore.hpp>

// The explorer itself: that it runs every interleaving within its bounds, once, and sees what goes wrong.
namespace {

using namespace std::chrono_literals;
using psyne::no_deadline;
using psyne::Sharing;
using psyne::Sleep;
using psyne::explorer::explore;
using psyne::explorer::ExplorerAtomics;
using psyne::explorer::replay;
using psyne::explorer::Report;
using psyne::explorer::require;
using psyne::explorer::Search;
using Word = ExplorerAtomics::Atomic<std::uint32_t>;
using Thread = ExplorerAtomics::Thread;

constexpr auto relaxed = std::memory_order_relaxed;

Search bounded(std::uint32_t preemptions, std::uint32_t weak_choices = 0) {
  Search search;
  search.bounds.preemptions = preemptions;
  search.bounds.weak_choices = weak_choices;
  return search;
}

/// Two threads of `steps` steps each; the order in which they went.
std::uint64_t interleavings(std::uint32_t steps, std::uint32_t preemptions, std::set<std::string>& orders) {
  const Report report = explore(
      "counting",
      [&] {
        std::string order;
        Word first(0), second(0);
        Thread other([&] {
          for (std::uint32_t step = 0; step < steps; ++step) second.load(relaxed), order += 'b';
        });
        for (std::uint32_t step = 0; step < steps; ++step) first.load(relaxed), order += 'a';
        other.join();
        orders.insert(order);
      },
      bounded(preemptions));
  EXPECT_TRUE(report.exhausted);
  EXPECT_FALSE(report.failure);
  return report.interleavings;
}

TEST(Explorer, RunsEveryInterleavingOnce) {
  std::set<std::string> orders;
  EXPECT_EQ(interleavings(3, 100, orders), 20U) << "6 over 3";
  EXPECT_EQ(orders.size(), 20U);
  orders.clear();
  EXPECT_EQ(interleavings(5, 100, orders), 252U) << "10 over 5";
  EXPECT_EQ(orders.size(), 252U);
}

TEST(Explorer, KeepsToItsPreemptions) {
  std::set<std::string> orders;
  EXPECT_EQ(interleavings(3, 0, orders), 1U);
  EXPECT_EQ(orders, (std::set<std::string>{"aaabbb"}));
  orders.clear();
  interleavings(3, 1, orders);
  EXPECT_EQ(orders, (std::set<std::string>{"aaabbb", "bbbaaa", "abbbaa", "aabbba"}));
}

TEST(Explorer, StopsAtItsLimitOfExecutions) {
  std::set<int> seen;
  Search search = bounded(100);
  search.systematic = 7;
  const Report report = explore(
      "limited",
      [&] {
        Word word(0);
        Thread other([&] { word.store(1), word.store(2), word.store(3); });
        for (int look = 0; look < 3; ++look) seen.insert(static_cast<int>(word.load()));
        other.join();
      },
      search);
  EXPECT_EQ(report.interleavings, 7U);
  EXPECT_FALSE(report.exhausted);
}

TEST(Explorer, AllAsleepIsAFailure) {
  const Report report = explore("all asleep", [] {
    Word word(0);
    static_cast<void>(ExplorerAtomics::wait(word, 0, Sharing::process, no_deadline));
  });
  ASSERT_TRUE(report.failure);
  EXPECT_NE(report.failure->find("sleeps"), std::string::npos) << *report.failure;
}

TEST(Explorer, SpinningWithoutEndIsAFailure) {
  for (const bool pausing : {false, true}) {
    const Report report = explore("endless", [=] {
      Word word(0);
      while (word.load() == 0) {
        if (pausing) ExplorerAtomics::pause();
      }
    });
    ASSERT_TRUE(report.failure);
    EXPECT_NE(report.failure->find("no end"), std::string::npos) << *report.failure;
  }
}

TEST(Explorer, SpinningForAnotherThreadEnds) {
  const Report report = explore("spinning", [] {
    Word word(0);
    Thread other([&] { word.store(1, relaxed), word.store(2, relaxed); });
    while (word.load(relaxed) != 2) ExplorerAtomics::pause();
    other.join();
  });
  EXPECT_FALSE(report.failure) << *report.failure;
  EXPECT_TRUE(report.exhausted);
}

// Were turns not taken in order, two that spin could keep the third one out for ever.
TEST(Explorer, TwoThatSpinLetTheThirdRun) {
  Search search = bounded(2, 1);
  search.random = 10'000;
  const Report report = explore(
      "two spinning",
      [] {
        Word word(0);
        const auto spin = [&] {
          while (word.load(relaxed) == 0) ExplorerAtomics::pause();
        };
        Thread first(spin), second(spin);
        for (int look = 0; look < 5; ++look) word.load(relaxed), ExplorerAtomics::pause();
        word.store(1, relaxed);
        first.join(), second.join();
      },
      search);
  EXPECT_FALSE(report.failure) << *report.failure;
}

TEST(Explorer, AnExceptionIsAFailure) {
  const Report report = explore("exception", [] { throw std::runtime_error("thrown on purpose"); });
  ASSERT_TRUE(report.failure);
  EXPECT_NE(report.failure->find("thrown on purpose"), std::string::npos);
}

TEST(Explorer, AFailureCanBeReplayed) {
  const auto body = [] {
    Word x(0), y(0);
    Thread other([&] { x.store(1, relaxed), y.store(1, relaxed), x.store(2, relaxed); });
    const std::uint32_t seen = y.load(relaxed);
    require(!(seen == 1 && x.load(relaxed) == 1), "the middle is never seen");
    other.join();
  };
  const Report found = explore("replay", body, bounded(3));
  ASSERT_TRUE(found.failure);
  EXPECT_GT(found.interleavings, 1U);
  for (int time = 0; time < 3; ++time) {
    const Report again = replay(body, found.schedule, bounded(3).bounds);
    ASSERT_TRUE(again.failure);
    EXPECT_EQ(*again.failure, *found.failure);
  }
  EXPECT_NE(found.failure->find("store"), std::string::npos) << "it tells what every thread did";
  EXPECT_FALSE(replay(body, "").failure) << "the plain schedule is innocent";
}

TEST(Explorer, GoesOnAfterAFailure) {
  for (int time = 0; time < 20; ++time) {
    const auto fails = [] {
      Word word(0);
      Thread other([&] { word.store(1); });
      require(word.load() == 0, "zero");
      other.join();
    };
    EXPECT_TRUE(explore("fails", fails).failure);
    EXPECT_FALSE(explore("does not", [] { Thread([] {}).join(); }).failure);
  }
}

// Wants seven given switches; within 3 preemptions it is out of reach.
TEST(Explorer, RandomChoicesReachFurtherThanTheBound) {
  const auto body = [] {
    Word word(0);
    const auto climb = [&](std::uint32_t first) {
      for (std::uint32_t step = first; step < 8; step += 2) {
        std::uint32_t expected = step;
        word.compare_exchange_strong(expected, step + 1, relaxed);
      }
    };
    Thread other([&] { climb(1); });
    climb(0);
    other.join();
    require(word.load(relaxed) != 8, "never at the top");
  };
  EXPECT_FALSE(explore("far, systematic", body, bounded(3)).failure);
  Search random = bounded(3);
  random.systematic = 0;
  random.random = 100'000;
  const Report report = explore("far, random", body, random);
  EXPECT_TRUE(report.failure);
}

TEST(Explorer, ADeadlineMayComeEarlyOrLate) {
  std::set<bool> timed_out;
  const Report report = explore("deadline", [&] {
    Word word(0);
    Thread waker([&] {
      word.store(1);
      ExplorerAtomics::wake(word, 1, Sharing::process);
    });
    const auto deadline = ExplorerAtomics::now() + 1h;
    const Sleep slept = ExplorerAtomics::wait(word, 0, Sharing::process, deadline);
    timed_out.insert(slept == Sleep::timed_out);
    if (slept == Sleep::timed_out) require(ExplorerAtomics::now() >= deadline, "time went on to the deadline");
    waker.join();
  });
  EXPECT_FALSE(report.failure) << *report.failure;
  EXPECT_EQ(timed_out, (std::set<bool>{false, true}));
}

TEST(Explorer, ADeadlineEndsASleepThatNobodyWakes) {
  const Report report = explore("deadline alone", [] {
    Word word(0);
    const auto deadline = ExplorerAtomics::now() + 1h;
    require(ExplorerAtomics::wait(word, 0, Sharing::process, deadline) == Sleep::timed_out, "timed out");
    require(ExplorerAtomics::wait(word, 0, Sharing::process, deadline) == Sleep::timed_out, "and at once again");
  });
  EXPECT_FALSE(report.failure) << *report.failure;
}

TEST(Explorer, AWakeReachesAnyOfTheSleepersButOnlyOne) {
  std::set<int> woken;
  const Report report = explore("which is woken", [&] {
    Word word(0);
    int first = -1;
    const auto sleep = [&](int number) {
      if (ExplorerAtomics::wait(word, 0, Sharing::process, ExplorerAtomics::now() + 1h) == Sleep::woken &&
          first == -1) {
        first = number;
      }
    };
    Thread one(sleep, 1);
    Thread two(sleep, 2);
    ExplorerAtomics::wake(word, 1, Sharing::process);
    one.join(), two.join();
    woken.insert(first);
  });
  EXPECT_FALSE(report.failure) << *report.failure;
  EXPECT_EQ(woken, (std::set<int>{-1, 1, 2}));
}

TEST(Explorer, APrivateWakeDoesNotReachASharedSleep) {
  const auto body = [](Sharing sleeps, Sharing wakes) {
    return [=] {
      Word word(0);
      Thread sleeper([&] {
        while (word.load() == 0) static_cast<void>(ExplorerAtomics::wait(word, 0, sleeps, no_deadline));
      });
      word.store(1);
      ExplorerAtomics::wake(word, 1, wakes);
      sleeper.join();
    };
  };
  EXPECT_FALSE(explore("same sharing", body(Sharing::machine, Sharing::machine)).failure);
  EXPECT_TRUE(explore("other sharing", body(Sharing::machine, Sharing::process)).failure);
}

TEST(Explorer, SleepsAndComparisonsEndForNothingWhenAsked) {
  const auto body = [] {
    Word word(0);
    std::uint32_t expected = 0;
    require(word.compare_exchange_weak(expected, 1, relaxed), "did not fail for nothing");
  };
  EXPECT_FALSE(explore("weak, never for nothing", body).failure);
  Search search;
  search.bounds.spurious = 1;
  EXPECT_TRUE(explore("weak, for nothing", body, search).failure);
  const auto sleep = [] {
    Word word(0);
    require(ExplorerAtomics::wait(word, 0, Sharing::process, ExplorerAtomics::now() + 1s) == Sleep::timed_out, "slept");
  };
  EXPECT_TRUE(explore("sleep, for nothing", sleep, search).failure);
}

TEST(Explorer, AtomicsAreAsLargeAsTheirValues) {
  static_assert(sizeof(ExplorerAtomics::Atomic<std::uint64_t>) == 8 && sizeof(ExplorerAtomics::Atomic<bool>) == 1);
  static_assert(alignof(ExplorerAtomics::Atomic<std::uint64_t>) == 8 && sizeof(Word) == 4);
}

TEST(Explorer, MemoryIsAnAtomicOfWhatItHolds) {
  const Report report = explore("memory", [] {
    alignas(8) std::array<std::uint32_t, 2> memory{0, 40};
    auto& word = *reinterpret_cast<Word*>(&memory[1]);
    Thread other([&] { word.fetch_add(1); });
    word.fetch_add(1);
    other.join();
    require(word.load() == 42, "both counted");
    require(memory[1] == 42, "the bytes hold the newest value");
  });
  EXPECT_FALSE(report.failure) << *report.failure;
}

TEST(Explorer, BytesWrittenOverAnAtomicAreSeenNowOrLater) {
  std::set<std::uint32_t> seen;
  const Report report = explore("bytes over an atomic", [&] {
    alignas(8) std::uint32_t memory = 1;
    auto& word = *reinterpret_cast<Word*>(&memory);
    Word flag(0);
    Thread other([&] {
      word.store(2, relaxed);
      memory = 3;
      word.store(4, std::memory_order_release);
      flag.store(1, std::memory_order_release);
    });
    seen.insert(word.load(relaxed));
    if (flag.load(std::memory_order_acquire) == 1) require(word.load(relaxed) == 4, "the last");
    other.join();
    require(word.load(relaxed) == 4, "the last");
  });
  EXPECT_FALSE(report.failure) << *report.failure;
  EXPECT_EQ(seen, (std::set<std::uint32_t>{1, 2, 3, 4}));
}

}  // namespace
