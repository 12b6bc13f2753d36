#include <psyne/core/metrics/reader.hpp>
#include <psyne/pool/algorithm/par_invoke.hpp>
#include <psyne/pool/job/blocking.hpp>
#include <psyne/pool/pool/guest.hpp>
#include <psyne/pool/pool/pool.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <eventually.hpp>

namespace {

using namespace std::chrono_literals;
using psyne::Pool;
using psyne::PoolStatistics;
using psyne_test::eventually;
namespace metrics = psyne::metrics;

using Row = std::map<std::string, std::uint64_t>;

/// The rows of a pool as a tool sees them, by their labels.
std::map<std::string, Row> shown(const std::string& pool) {
  std::map<std::string, Row> rows;
  const auto page = metrics::Reader::open(metrics::Page::process().path().value()).value().read().value();
  for (const metrics::ReadSection& section : page.sections) {
    if (section.name != "pool" || !section.label.starts_with(pool)) continue;
    for (const metrics::ReadValue& value : section.values) rows[section.label][value.name] = value.number;
  }
  return rows;
}

/// Holds a thread up until `flag`, or long enough for a test to fail.
void spin_until(const std::atomic<bool>& flag) {
  for (int look = 0; look < 10'000'000 && !flag; ++look) std::this_thread::yield();
}

/// Jobs that are asleep until the end of the scope.
class Sleepers {
 public:
  Sleepers(Pool& pool, int count) {
    for (int number = 0; number < count; ++number) {
      pool.post([this] {
        ++asleep_;
        psyne::blocking([this] { go_.wait(false); });
        --asleep_;
      });
    }
  }
  ~Sleepers() {
    go_ = true;
    go_.notify_all();
    EXPECT_TRUE(eventually([this] { return asleep_ == 0; }));
  }
  int asleep() const { return asleep_; }

 private:
  std::atomic<bool> go_{false};
  std::atomic<int> asleep_{0};
};

TEST(PoolMetrics, APoolHasARowOfItsOwnAndOneForEachThread) {
  const Pool pool = Pool::open({.workers = 2, .name = "rows", .max_threads = 7}).value();
  ASSERT_TRUE(eventually([] { return shown("rows").size() == 3; }));
  auto rows = shown("rows");
  EXPECT_EQ(rows["rows"], (Row{{"workers", 2}, {"places", 2}, {"max_threads", 7}, {"limited", 0}}));
  for (const char* thread : {"rows thread 1", "rows thread 2"}) {
    ASSERT_TRUE(rows.contains(thread)) << thread;
    EXPECT_TRUE(rows[thread].contains("runs") && rows[thread].contains("stolen") && rows[thread].contains("sleeps"));
  }
}

TEST(PoolMetrics, ThePlacesThatAPoolHasAreShown) {
  const Pool pool = Pool::open({.workers = 3, .name = "seats"}).value();
  pool.state().metrics().places(1);
  EXPECT_EQ(shown("seats")["seats"]["places"], 1U);
  EXPECT_EQ(shown("seats")["seats"]["workers"], 3U);
}

TEST(PoolMetrics, TheRowsGoWithThePool) {
  {
    const Pool pool = Pool::open({.workers = 1, .name = "goes"}).value();
    EXPECT_TRUE(shown("goes").contains("goes"));
  }
  EXPECT_TRUE(shown("goes").empty());
}

TEST(PoolMetrics, EachJobIsCountedOnceByWhoeverRunsIt) {
  Pool pool = Pool::open({.workers = 2, .name = "jobs"}).value();
  constexpr std::uint64_t jobs = 500;
  for (std::uint64_t job = 0; job < jobs; ++job) pool.post([] {});
  ASSERT_TRUE(eventually([&] { return pool.statistics().runs >= jobs; }));
  for (int job = 0; job < 3; ++job) EXPECT_TRUE(pool.submit([] { return 1; }, {.name = "three"}).wait(20s));
  ASSERT_TRUE(eventually([&] { return pool.statistics().runs >= jobs + 3; }));
  EXPECT_EQ(pool.statistics().runs, jobs + 3);
  std::uint64_t runs = 0;
  for (auto& [label, row] : shown("jobs")) runs += row["runs"];
  EXPECT_EQ(runs, jobs + 3);
}

TEST(PoolMetrics, PoolsAreCountedApart) {
  Pool busy = Pool::open({.workers = 1, .name = "busy"}).value();
  const Pool idle = Pool::open({.workers = 1, .name = "idle"}).value();
  busy.submit([] { return 1; }).get();
  EXPECT_EQ(busy.statistics().runs, 1U);
  EXPECT_EQ(idle.statistics().runs, 0U);
}

TEST(PoolMetrics, AChildThatIsTakenBackIsNotCounted) {
  Pool pool = Pool::open({.workers = 1, .name = "alone"}).value();
  pool.submit([] {
        for (int turn = 0; turn < 1000; ++turn) psyne::par_invoke([] {}, [] {});
        return 1;
      })
      .get();
  EXPECT_EQ(pool.statistics().runs, 1U);
  EXPECT_EQ(pool.statistics().stolen, 0U);
}

TEST(PoolMetrics, AChildThatAnotherRunsIsCountedAsStolen) {
  Pool pool = Pool::open({.workers = 2, .name = "thief"}).value();
  pool.submit([] {
        std::atomic<bool> begun{false};
        psyne::par_invoke([&] { spin_until(begun); }, [&] { begun = true; });
        EXPECT_TRUE(begun);
        return 1;
      })
      .get();
  EXPECT_EQ(pool.statistics().runs, 2U);
  EXPECT_EQ(pool.statistics().stolen, 1U);
}

/// Notes whether a child runs on another thread than its parent.
struct Thefts {
  std::atomic<std::uint64_t> seen{0};
  std::atomic<std::uint64_t> by_who_waits{0};

  template <class Left, class Right>
  void both(Left&& left, Right&& right) {
    const auto parent = std::this_thread::get_id();
    psyne::par_invoke(left, [&] {
      if (std::this_thread::get_id() != parent) ++seen;
      right();
    });
  }
};

// The parent waits for its right child, and takes that one's children back from the thief meanwhile.
TEST(PoolMetrics, WhatIsStolenByWhoWaitsIsCountedToo) {
  Pool pool = Pool::open({.workers = 2, .name = "leaps"}).value();
  Thefts thefts;
  std::uint64_t jobs = 0;
  for (; jobs < 20'000 && thefts.by_who_waits == 0; ++jobs) {
    pool.submit([&] {
          const auto parent = std::this_thread::get_id();
          std::atomic<bool> begun{false};
          thefts.both([&] { spin_until(begun); },
                      [&] {
                        begun = true;
                        for (int fork = 0; fork < 50 && thefts.by_who_waits == 0; ++fork) {
                          thefts.both([] { std::this_thread::yield(); },
                                      [&] {
                                        if (std::this_thread::get_id() == parent) ++thefts.by_who_waits;
                                      });
                        }
                      });
          return 1;
        })
        .get();
  }
  EXPECT_GT(thefts.by_who_waits, 0U);
  EXPECT_EQ(pool.statistics().stolen, thefts.seen);
  EXPECT_EQ(pool.statistics().runs, jobs + thefts.seen);
}

TEST(PoolMetrics, AGuestHasARowToo) {
  Pool pool = Pool::open({.workers = 2, .name = "visited"}).value();
  ASSERT_TRUE(eventually([] { return shown("visited").contains("visited thread 02"); }));
  {
    const psyne::Guest guest(pool.state());
    std::atomic<bool> begun{false};
    psyne::par_invoke([&] { spin_until(begun); }, [&] { begun = true; });
  }
  auto rows = shown("visited");
  EXPECT_EQ(rows["visited thread 01"]["stolen"] + rows["visited thread 02"]["stolen"], 1U);
  EXPECT_EQ(rows["visited thread 03"]["stolen"], 0U);
  EXPECT_EQ(rows.size(), 4U);
  const psyne::Guest again(pool.state());
  EXPECT_EQ(shown("visited").size(), 4U) << "the seat has been counted before";
}

TEST(PoolMetrics, AnIdlePoolSleepsOnceAndNoMore) {
  Pool pool = Pool::open({.workers = 2, .name = "sleepy"}).value();
  ASSERT_TRUE(eventually([&] { return pool.statistics().sleeps >= 2; }));
  const PoolStatistics before = pool.statistics();
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(pool.statistics().sleeps, before.sleeps);
  pool.submit([] { return 1; }).get();
  EXPECT_TRUE(eventually([&] { return pool.statistics().sleeps > before.sleeps; }));
}

TEST(PoolMetrics, ThatAThreadMoreWasWantedThanMayBeIsCounted) {
  Pool pool = Pool::open({.workers = 1, .name = "narrow", .max_threads = 1}).value();
  EXPECT_EQ(pool.statistics().limited, 0U);
  {
    const Sleepers sleepers(pool, 1);
    ASSERT_TRUE(eventually([&] { return sleepers.asleep() == 1; }));
    pool.post([] {});
    EXPECT_TRUE(eventually([&] { return pool.statistics().limited > 0; }));
    EXPECT_EQ(shown("narrow")["narrow"]["limited"], pool.statistics().limited);
  }
  const std::uint64_t before = pool.statistics().limited;
  const psyne::Result<psyne::CloseReport> closed = pool.close();
  ASSERT_TRUE(closed);
  EXPECT_THROW(psyne::Guest guest(pool.state()), psyne::Exception);
  EXPECT_EQ(pool.statistics().limited, before) << "a closed pool has no limit to meet";
}

TEST(PoolMetrics, AGuestForWhomThereIsNoSeatIsCounted) {
  Pool pool = Pool::open({.workers = 1, .name = "crowded", .max_threads = 1}).value();
  EXPECT_THROW(psyne::Guest guest(pool.state()), psyne::Exception);
  EXPECT_EQ(pool.statistics().limited, 1U);
}

TEST(PoolMetrics, WhereTheLimitIsNotReachedNothingIsSaid) {
  Pool pool = Pool::open({.workers = 1, .name = "wide", .max_threads = 3}).value();
  const Sleepers sleepers(pool, 2);
  ASSERT_TRUE(eventually([&] { return sleepers.asleep() == 2; }));
  EXPECT_EQ(pool.statistics().limited, 0U);
}

// Channels need room on the page as well.
TEST(PoolMetrics, HundredsOfSparesAreCountedButNotShown) {
  constexpr int jobs = 60;
  Pool pool = Pool::open({.workers = 1, .name = "spares"}).value();
  {
    const Sleepers sleepers(pool, jobs);
    ASSERT_TRUE(eventually([&] { return sleepers.asleep() == jobs; }));
    EXPECT_EQ(shown("spares").size(), 1U + 1U + 32U);
    EXPECT_EQ(pool.statistics().runs, static_cast<std::uint64_t>(jobs));
  }
  EXPECT_TRUE(eventually([&] { return pool.statistics().sleeps >= jobs; }));
}

}  // namespace
