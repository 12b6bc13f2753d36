#include <psyne/core/park/event_count.hpp>

#include <gtest/gtest.h>

#include <explorer/atomics.hpp>
#include <explorer/checked.hpp>
#include <explorer/expectations.hpp>
#include <explorer/mutants.hpp>
#include <explorer/mutated_event_count.hpp>

namespace {

using namespace std::chrono_literals;
using psyne::Deadline;
using psyne::EventCount;
using psyne::no_deadline;
using psyne::no_patience;
using psyne::Sleep;
using namespace psyne::explorer;

constexpr auto relaxed = std::memory_order_relaxed;
constexpr auto acquire = std::memory_order_acquire;
constexpr auto release = std::memory_order_release;

Search deep(std::uint64_t random = 100'000) {
  Search search;
  search.random = random;
  return search;
}

/// Takes one item if there is one.
template <class Items>
bool take(Items& items) {
  for (std::uint32_t seen = items.load(acquire); seen > 0;) {
    if (items.compare_exchange_weak(seen, seen - 1, std::memory_order_acq_rel, relaxed)) return true;
  }
  return false;
}

/// As many items as takers, one wake for each: were a wake lost, a taker would sleep for ever.
template <class Atomics>
void share_out(std::uint32_t takers, bool in_one_wake) {
  EventCount<Atomics> events;
  typename Atomics::template Atomic<std::uint32_t> items{0};
  Checked<int> payload(0);
  std::vector<typename Atomics::Thread> threads;
  for (std::uint32_t taker = 0; taker < takers; ++taker) {
    threads.emplace_back([&] {
      require(events.await([&] { return take(items); }, no_deadline, no_patience), "got one");
      require(payload == 7, "payload");
    });
  }
  payload = 7;
  if (in_one_wake) {
    items.store(takers, release);
    events.wake(takers);
  } else {
    for (std::uint32_t item = 0; item < takers; ++item) {
      items.fetch_add(1, release);
      events.wake();
    }
  }
  for (auto& thread : threads) thread.join();
}

TEST(EventCountExplored, OneSleeper) {
  expect_sound(
      "EventCount, one sleeper", [] { share_out<ExplorerAtomics>(1, false); }, deep());
}

TEST(EventCountExplored, TwoSleepersOneWakeEach) {
  expect_sound(
      "EventCount, two sleepers", [] { share_out<ExplorerAtomics>(2, false); }, deep());
}

TEST(EventCountExplored, TwoSleepersOneWakeForBoth) {
  expect_sound(
      "EventCount, two sleepers, wake(2)", [] { share_out<ExplorerAtomics>(2, true); }, deep());
}

TEST(EventCountExplored, ThreeSleepers) {
  Search search = deep(200'000);
  search.bounds.preemptions = 2;
  expect_sound(
      "EventCount, three sleepers", [] { share_out<ExplorerAtomics>(3, false); }, search);
}

TEST(EventCountExplored, SymmetricBarriersAndSpuriousWakes) {
  Search search = deep();
  search.bounds.asymmetric_barriers = false;
  search.bounds.spurious = 1;
  expect_sound(
      "EventCount, symmetric, spurious", [] { share_out<ExplorerAtomics>(2, false); }, search);
}

TEST(EventCountExplored, TwoWakers) {
  expect_sound(
      "EventCount, two wakers",
      [] {
        EventCount<ExplorerAtomics> events;
        ExplorerAtomics::Atomic<std::uint32_t> items{0};
        const auto give = [&] {
          items.fetch_add(1, release);
          events.wake();
        };
        const auto get = [&] { events.await([&] { return take(items); }, no_deadline, no_patience); };
        ExplorerAtomics::Thread giver(give), taker(get);
        give();
        get();
        giver.join(), taker.join();
      },
      deep());
}

TEST(EventCountExplored, WakeAllAfterAStopReachesEverybody) {
  expect_sound(
      "EventCount, wake_all",
      [] {
        EventCount<ExplorerAtomics> events;
        ExplorerAtomics::Atomic<bool> stopped{false};
        const auto run = [&] { events.await([&] { return stopped.load(acquire); }, no_deadline, no_patience); };
        ExplorerAtomics::Thread first(run), second(run);
        stopped.store(true, release);
        events.wake_all();
        first.join(), second.join();
      },
      deep());
}

/// One of two sleepers has a deadline: it goes with an item or without, and never with the other's wake.
template <class Events>
void leave_late() {
  Events events;
  ExplorerAtomics::Atomic<std::uint32_t> items{0};
  const auto run = [&](Deadline deadline) {
    for (;;) {
      events.prepare();
      if (take(items)) return events.cancel(), true;
      const Sleep slept = events.commit(deadline);
      if (take(items)) return true;
      if (slept == Sleep::timed_out) return false;
    }
  };
  bool hasty_got_one = false;
  ExplorerAtomics::Thread hasty([&] { hasty_got_one = run(ExplorerAtomics::now() + 1s); });
  ExplorerAtomics::Thread patient([&] { run(no_deadline); });
  items.fetch_add(1, release);
  events.wake();
  hasty.join();
  if (hasty_got_one) {
    items.fetch_add(1, release);
    events.wake();
  }
  patient.join();
  require(items.load(relaxed) == 0, "all taken");
}

/// EventCount with the calls of MutatedEventCount, one ticket for each thread.
template <class Atomics>
class Plain {
 public:
  void prepare() { mine().emplace(events_.prepare()); }
  void cancel() { mine().reset(); }
  Sleep commit(Deadline deadline) {
    auto ticket = std::move(*mine());
    mine().reset();
    return events_.commit(std::move(ticket), deadline);
  }
  void wake(std::uint32_t count = 1) { events_.wake(count); }

 private:
  using Slot = std::optional<typename EventCount<Atomics>::Ticket>;
  Slot& mine() { return tickets_[Execution::current().thread()]; }

  EventCount<Atomics> events_;
  std::array<Slot, max_threads> tickets_;
};

TEST(EventCountExplored, ADeadlineTakesNobodysWakeAway) {
  expect_sound("EventCount, deadline", leave_late<Plain<ExplorerAtomics>>, deep());
}

/// n wakes end n sleeps, be the threads asleep or on their way: no herd.
template <class Events, int wakes = 1>
void count_woken() {
  Events events;
  int woken = 0;
  const auto sleep = [&] {
    events.prepare();
    if (events.commit(ExplorerAtomics::now() + 1s) == Sleep::woken) ++woken;
  };
  ExplorerAtomics::Thread first(sleep), second(sleep);
  for (int wake = 0; wake < wakes; ++wake) events.wake();
  first.join(), second.join();
  require(woken <= wakes, "one wake, one woken");
  events.wake();
  events.prepare();
  require(events.commit(ExplorerAtomics::now() + 1s) == Sleep::timed_out, "a wake for nobody leaves nothing behind");
}

TEST(EventCountExplored, OneWakeWakesOne) {
  expect_sound("EventCount, counting the woken", count_woken<Plain<ExplorerAtomics>, 1>, deep());
  expect_sound("EventCount, counting the woken of two wakes", count_woken<Plain<ExplorerAtomics>, 2>, deep());
}

/// One prepares, sees its item and cancels, while a wake for the other is under way.
template <class Events>
void cancel_beside_a_sleeper() {
  Events events;
  ExplorerAtomics::Atomic<std::uint32_t> posted{0};
  ExplorerAtomics::Thread sleeper([&] {
    for (;;) {
      events.prepare();
      if (posted.load(acquire) == 1) return events.cancel();
      events.commit(no_deadline);
      if (posted.load(acquire) == 1) return;
    }
  });
  ExplorerAtomics::Thread canceller([&] {
    events.prepare();
    events.cancel();
  });
  posted.store(1, release);
  events.wake();
  sleeper.join(), canceller.join();
  events.prepare();
  require(events.commit(ExplorerAtomics::now() + 1s) == Sleep::timed_out, "no signal is left over");
}

TEST(EventCountExplored, CancellingTakesNobodysWakeAway) {
  expect_sound("EventCount, cancel", cancel_beside_a_sleeper<Plain<ExplorerAtomics>>, deep());
}

template <class Atomics>
void look_after_commit() {
  EventCount<Atomics> events;
  ExplorerAtomics::Atomic<std::uint32_t> posted{0};
  ExplorerAtomics::Thread waker([&] {
    posted.store(1, relaxed);
    events.wake();
  });
  auto ticket = events.prepare();
  if (posted.load(relaxed) == 0) {
    require(events.commit(std::move(ticket)) == Sleep::woken, "woken");
    require(posted.load(relaxed) == 1, "seen after the wake");
  }
  waker.join();
}

TEST(EventCountExplored, WhatWasStoredBeforeTheWakeIsSeenAfterIt) {
  expect_sound("EventCount, look after commit", look_after_commit<ExplorerAtomics>);
  expect_found("EventCount without release", look_after_commit<ReleaseMissing>, "seen after the wake");
  expect_found("EventCount without acquire", look_after_commit<AcquireMissing>, "seen after the wake");
}

TEST(EventCountExplored, EachBarrierAndEachWakeIsNeeded) {
  expect_found(
      "EventCount without its light barrier", [] { share_out<LightBarrierMissing>(1, false); }, "sleeps");
  expect_found(
      "EventCount without its heavy barrier", [] { share_out<HeavyBarrierMissing>(1, false); }, "sleeps");
  expect_found(
      "EventCount without its wake", [] { share_out<WakeMissing>(1, false); }, "sleeps");
  expect_found(
      "EventCount that wakes one of two", [] { share_out<WakeOfOneOnly>(2, true); }, "sleeps");
}

TEST(EventCountExplored, WrongOrdersOfThePayloadAreFound) {
  expect_found(
      "item released by a relaxed store", [] { share_out<ReleaseMissing>(1, false); }, "race");
  expect_found(
      "item acquired by a relaxed load", [] { share_out<AcquireMissing>(1, false); }, "race");
}

TEST(EventCountExplored, TheMutantWithoutABugIsSound) {
  using None = MutatedEventCount<EventCountBug::none>;
  expect_sound("mutant without a bug, deadline", leave_late<None>);
  expect_sound("mutant without a bug, counting", count_woken<None, 2>);
  expect_sound("mutant without a bug, cancel", cancel_beside_a_sleeper<None>);
}

TEST(EventCountExplored, EachBugIsFound) {
  using Bug = EventCountBug;
  expect_found("leaving late with the signal left behind",
               count_woken<MutatedEventCount<Bug::late_ones_leave_signals>, 1>);
  expect_found("cancelling with another's signal",
               cancel_beside_a_sleeper<MutatedEventCount<Bug::cancelling_takes_a_signal>>, "sleeps");
  expect_found("cancelling without the last signal",
               cancel_beside_a_sleeper<MutatedEventCount<Bug::cancelling_takes_none>>, "left over");
  expect_found("signals for those who have one", count_woken<MutatedEventCount<Bug::counts_all_who_wait>, 2>,
               "nothing behind");
  expect_found("sleeping beside a signal", leave_late<MutatedEventCount<Bug::sleeps_with_signals>>, "sleeps");
  expect_found("taking a return for a signal", leave_late<MutatedEventCount<Bug::woken_once_is_woken>>);
}

}  // namespace
