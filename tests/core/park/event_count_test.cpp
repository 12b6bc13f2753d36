#include <psyne/core/park/event_count.hpp>

#include "core/park/within.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using park_test::within;
using psyne::Clock;
using psyne::Deadline;
using psyne::EventCount;
using psyne::no_patience;
using psyne::Patience;
using psyne::Sharing;
using psyne::Sleep;

TEST(EventCount, DoesNotSleepWhenReady) {
  EventCount<> events;
  EXPECT_TRUE(events.await([] { return true; }, Deadline::min()));
}

TEST(EventCount, EndsAtTheDeadlineAndNotBefore) {
  EventCount<> events;
  const auto start = Clock::now();
  EXPECT_FALSE(events.await([] { return false; }, start + 20ms));
  EXPECT_GE(Clock::now() - start, 20ms);
  EXPECT_FALSE(events.await([] { return false; }, Deadline::min()));
}

TEST(EventCount, AWakeBetweenPrepareAndCommitIsNotLost) {
  EventCount<> events;
  auto ticket = events.prepare();
  events.wake();
  EXPECT_EQ(events.commit(std::move(ticket)), Sleep::woken);
}

TEST(EventCount, AWakeWithoutAnybodyWaitingLeavesNoTrace) {
  EventCount<> events;
  events.wake();
  events.wake_all();
  EXPECT_EQ(events.commit(events.prepare(), within(5ms)), Sleep::timed_out);
}

TEST(EventCount, WakingNobodyWakesNobody) {
  EventCount<> events;
  auto ticket = events.prepare();
  events.wake(0);
  EXPECT_EQ(events.commit(std::move(ticket), within(5ms)), Sleep::timed_out);
}

TEST(EventCount, AWakeIsSpentByOne) {
  EventCount<> events;
  auto first = events.prepare();
  auto second = events.prepare();
  events.wake();
  EXPECT_EQ(events.commit(std::move(second)), Sleep::woken);
  EXPECT_EQ(events.commit(std::move(first), within(5ms)), Sleep::timed_out);
}

TEST(EventCount, WhoCancelsLeavesTheSignalToAnother) {
  EventCount<> events;
  auto first = events.prepare();
  auto second = events.prepare();
  events.wake();
  events.cancel(std::move(second));
  EXPECT_EQ(events.commit(std::move(first)), Sleep::woken);
}

TEST(EventCount, WhoCancelsAloneTakesTheSignalAway) {
  EventCount<> events;
  {
    const auto only = events.prepare();
    events.wake();
  }
  EXPECT_EQ(events.commit(events.prepare(), within(5ms)), Sleep::timed_out)
      << "a signal was left without anybody waiting";
}

TEST(EventCount, MoreSignalsThanThreadsAreNotKept) {
  EventCount<> events;
  auto ticket = events.prepare();
  events.wake(100);
  events.wake_all();
  EXPECT_EQ(events.commit(std::move(ticket)), Sleep::woken);
  EXPECT_EQ(events.commit(events.prepare(), within(5ms)), Sleep::timed_out);
}

TEST(EventCount, AMovedTicketIsCancelledOnce) {
  EventCount<> events;
  {
    auto ticket = events.prepare();
    const auto moved = std::move(ticket);
  }
  auto ticket = events.prepare();  // were one entry missing now, the next wake would find nobody
  events.wake();
  EXPECT_EQ(events.commit(std::move(ticket), within(30s)), Sleep::woken);
}

// No thundering herd: of ten asleep, three wakes make three return.
TEST(EventCount, WakesAsManyAsAsked) {
  constexpr int threads = 10;
  EventCount<> events;
  std::atomic<int> woken{0};
  std::latch prepared(threads);
  std::vector<std::thread> sleepers;
  for (int thread = 0; thread < threads; ++thread) {
    sleepers.emplace_back([&] {
      auto ticket = events.prepare();
      prepared.count_down();
      if (events.commit(std::move(ticket), within(60s)) == Sleep::woken) ++woken;
    });
  }
  prepared.wait();
  events.wake(2);
  events.wake(1);
  const Deadline give_up = within(30s);
  while (woken < 3 && Clock::now() < give_up) std::this_thread::sleep_for(1ms);
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(woken, 3);
  events.wake_all();
  for (auto& sleeper : sleepers) sleeper.join();
  EXPECT_EQ(woken, threads);
}

TEST(EventCount, WakeAllWakesAll) {
  constexpr int threads = 10;
  EventCount<> events;
  std::atomic<bool> open{false};
  std::atomic<int> through{0};
  std::vector<std::thread> sleepers;
  for (int thread = 0; thread < threads; ++thread) {
    sleepers.emplace_back([&] {
      if (events.await([&] { return open.load(std::memory_order_acquire); }, within(60s), no_patience)) ++through;
    });
  }
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(through, 0);
  open.store(true, std::memory_order_release);
  events.wake_all();
  for (auto& sleeper : sleepers) sleeper.join();
  EXPECT_EQ(through, threads);
}

// Items posted one by one, one wake each: were a wake lost while an item lies there, everybody would sleep at the end.
void share_out(Sharing sharing, const Patience& patience, bool with_deadlines) {
  constexpr int takers = 4, givers = 2, each = 5'000;
  EventCount<> events(sharing);
  std::atomic<int> items{0};
  std::atomic<int> taken{0};
  std::atomic<bool> failed{false};
  std::vector<std::thread> threads;
  const auto take = [&] {
    for (int seen = items.load(std::memory_order_acquire); seen > 0;) {
      if (items.compare_exchange_weak(seen, seen - 1, std::memory_order_acq_rel)) return true;
    }
    return false;
  };
  const Deadline hang = within(60s);
  for (int taker = 0; taker < takers; ++taker) {
    threads.emplace_back([&] {
      while (taken.load() < givers * each && !failed) {
        bool got = false;
        const auto ready = [&] { return (got = take()) || taken.load() == givers * each; };
        if (!events.await(ready, with_deadlines ? within(100us) : hang, patience) && Clock::now() > hang) failed = true;
        if (got && taken.fetch_add(1) + 1 == givers * each) events.wake_all();
      }
    });
  }
  for (int giver = 0; giver < givers; ++giver) {
    threads.emplace_back([&] {
      for (int item = 0; item < each; ++item) {
        items.fetch_add(1, std::memory_order_release);
        events.wake();
        if (item % 64 == 0) std::this_thread::sleep_for(50us);  // lets the takers fall asleep
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_FALSE(failed);
  EXPECT_EQ(taken, givers * each);
}

TEST(EventCount, SharesOutEveryItemWhenItSleepsEveryTime) { share_out(Sharing::process, no_patience, false); }
TEST(EventCount, SharesOutEveryItemOnTheEdgeOfSleep) { share_out(Sharing::process, {.spins = 8, .pauses = 8}, false); }
TEST(EventCount, SharesOutEveryItemWhenWaitsTimeOut) { share_out(Sharing::process, no_patience, true); }
TEST(EventCount, SharesOutEveryItemOverASharedWord) { share_out(Sharing::machine, no_patience, false); }

}  // namespace
