#include <psyne/pool/budget/worker_budget.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <utility>
#include <vector>

#include <pool/in_child.hpp>

namespace {

using psyne::WorkerBudget;

/// A budget whose clock is the test.
class Budget final : public WorkerBudget {
 public:
  using WorkerBudget::begin_anew;
  using WorkerBudget::WorkerBudget;

  /// Whether the clock is set.
  bool ticks() const { return ticks_; }
  /// The clock rings, so often as it is set again. How often it did.
  int ring(int times = 1) {
    for (int done = 0; done < times; ++done) {
      if (!std::exchange(ticks_, false)) return done;
      tick();
    }
    return times;
  }
  void break_clock() { broken_ = true; }

 private:
  bool tick_later() noexcept override {
    EXPECT_FALSE(ticks_) << "one tick at a time";
    return ticks_ = !broken_;
  }

  bool ticks_ = false;
  bool broken_ = false;
};

/// A pool that says of itself what the test sets.
class FakePool final : public WorkerBudget::Member {
 public:
  FakePool(Budget& budget, std::uint32_t workers) : budget_(budget), workers_(workers), places_(workers) {
    budget.join(*this);
  }
  ~FakePool() { budget_.leave(*this); }
  FakePool(const FakePool&) = delete;
  FakePool& operator=(const FakePool&) = delete;

  /// So many threads hold a place now, and work waits or not.
  void runs(std::uint32_t active, bool work_waits = false) {
    const bool more = active > demand_.active;
    demand_.active = active;
    demand_.work_waits = work_waits;
    if (more && std::exchange(watched_, false)) budget_.place_taken(*this);
  }
  /// More work than it could ever run, with all its threads.
  void runs_over() { runs(workers_, true); }
  /// As many run as have places, and more waits.
  void settles() { runs(places_, true); }
  void begins() { ++demand_.begun; }
  void search(std::uint32_t searching) { demand_.searching = searching; }

  std::uint32_t places() const { return places_; }
  int changes() const { return changes_; }
  bool watched() const { return watched_; }
  std::function<void()> when_watched = [] {};

 private:
  std::uint32_t workers() const noexcept override { return workers_; }
  Demand demand() noexcept override { return demand_; }
  bool busy() const noexcept override { return demand_.active != 0; }
  void set_places(std::uint32_t places) noexcept override {
    EXPECT_FALSE(watched_) << "it would come back into the budget";
    EXPECT_TRUE(places >= 1 && places <= workers_) << places;
    places_ = places;
    ++changes_;
  }
  void watch() noexcept override {
    when_watched();
    watched_ = true;
  }
  void unwatch() noexcept override { watched_ = false; }

  Budget& budget_;
  const std::uint32_t workers_;
  std::uint32_t places_;
  int changes_ = 0;
  bool watched_ = false;
  Demand demand_;
};

TEST(WorkerBudget, OnePoolHasAllItsPlacesAndIsToldOfOnce) {
  Budget budget(2);
  FakePool pool(budget, 8);
  pool.runs(1);
  EXPECT_FALSE(pool.watched());
  for (int turn = 0; turn < 5; ++turn) pool.runs_over(), pool.runs(0);
  EXPECT_FALSE(budget.ticks() || pool.watched());
  EXPECT_EQ(pool.changes(), 0);
}

TEST(WorkerBudget, AsLongAsOneIsBusyAtATimeNothingIsShared) {
  Budget budget(4);
  FakePool first(budget, 4), second(budget, 4);
  for (int turn = 0; turn < 5; ++turn) {
    first.runs_over(), first.runs(0);
    second.runs_over(), second.runs(0);
  }
  EXPECT_FALSE(budget.ticks());
  EXPECT_EQ(first.changes() + second.changes(), 0);
}

TEST(WorkerBudget, TwoThatAreBusyShareItOut) {
  Budget budget(4);
  FakePool first(budget, 4), second(budget, 4);
  first.runs_over();
  EXPECT_FALSE(budget.ticks());
  second.runs(1, true);
  EXPECT_TRUE(budget.ticks());
  EXPECT_EQ(first.places(), 4U) << "who works for some microseconds takes nothing from others";
  budget.ring();
  EXPECT_EQ(first.places(), 2U);
  EXPECT_EQ(second.places(), 2U);
  first.settles(), second.settles();
  EXPECT_EQ(budget.ring(5), 5) << "as long as both want more";
  EXPECT_EQ(first.places() + second.places(), 4U);
}

TEST(WorkerBudget, WhatOneDoesNotWantTheOtherHas) {
  Budget budget(4);
  FakePool first(budget, 4), second(budget, 4);
  first.runs_over();
  second.runs(1);
  budget.ring();
  EXPECT_EQ(first.places(), 3U);
  EXPECT_EQ(second.places(), 1U);
}

TEST(WorkerBudget, WorkThatSomebodyLooksForIsNoDemand) {
  Budget budget(4);
  FakePool first(budget, 4), second(budget, 4);
  first.runs_over();
  second.runs(1, true);
  second.search(1);
  budget.ring();
  EXPECT_EQ(second.places(), 1U);
  second.search(0);
  budget.ring();
  EXPECT_EQ(second.places(), 2U);
}

TEST(WorkerBudget, WhenItFitsAgainAllHaveTheirPlacesAndTheClockStands) {
  Budget budget(4);
  FakePool first(budget, 4), second(budget, 4);
  first.runs_over(), second.runs_over();
  budget.ring();
  first.runs(0), second.settles();
  EXPECT_EQ(budget.ring(5), 1);
  EXPECT_EQ(first.places(), 4U);
  EXPECT_EQ(second.places(), 4U);
  EXPECT_FALSE(budget.ticks());
}

TEST(WorkerBudget, BusyPoolsThatFitCostNoTicksUntilOneGrows) {
  Budget budget(4);
  FakePool first(budget, 4), second(budget, 4);
  first.runs(2), second.runs(2);
  EXPECT_EQ(budget.ring(5), 1) << "they may be asleep where the pool does not see it";
  EXPECT_EQ(first.changes() + second.changes(), 0);
  first.runs(3);
  EXPECT_TRUE(budget.ticks());
  budget.ring();
  EXPECT_EQ(first.places() + second.places(), 4U);
}

TEST(WorkerBudget, EachHasOneAtLeast) {
  Budget budget(2);
  FakePool first(budget, 2), second(budget, 2), third(budget, 2);
  for (FakePool* pool : {&first, &second, &third}) pool->runs_over();
  budget.ring();
  for (const FakePool* pool : {&first, &second, &third}) EXPECT_EQ(pool->places(), 1U);
}

TEST(WorkerBudget, OneEachIsNothingToTickFor) {
  Budget budget(1);
  FakePool first(budget, 4), second(budget, 4), third(budget, 4);
  for (FakePool* pool : {&first, &second, &third}) pool->runs(1);
  EXPECT_LE(budget.ring(5), 1);
}

TEST(WorkerBudget, IsAsWideAsTheWidestPool) {
  Budget budget(2);
  FakePool wide(budget, 6), narrow(budget, 2);
  wide.runs_over(), narrow.runs_over();
  budget.ring();
  EXPECT_EQ(wide.places(), 4U);
  EXPECT_EQ(narrow.places(), 2U);
}

TEST(WorkerBudget, WhatDoesNotDivideGoesRound) {
  Budget budget(3);
  FakePool first(budget, 3), second(budget, 3);
  first.runs_over(), second.runs_over();
  std::uint32_t sum = 0;
  for (int turn = 0; turn < 4; ++turn) {
    budget.ring();
    EXPECT_EQ(first.places() + second.places(), 3U);
    sum += first.places();
  }
  EXPECT_EQ(sum, 6U);
}

TEST(WorkerBudget, AnIdlePoolKeepsAllItsPlaces) {
  Budget budget(2);
  FakePool idle(budget, 2), first(budget, 2), second(budget, 2);
  first.runs_over(), second.runs_over();
  budget.ring();
  EXPECT_EQ(idle.changes(), 0);
  idle.runs(1, true);
  budget.ring();
  EXPECT_EQ(idle.places(), 1U);
}

/// Two pools of four on four CPUs, of which both have more to do; the first is narrow and begins nothing.
struct Stalled {
  Stalled() {
    stalled.runs_over(), other.runs_over();
    stalled.begins();
    budget.ring();
    stalled.settles(), other.settles();
  }
  /// The other goes on meanwhile.
  void ring(int times) {
    for (int turn = 0; turn < times; ++turn) {
      other.begins();
      ASSERT_EQ(budget.ring(), 1);
    }
  }
  Budget budget{4};
  FakePool stalled{budget, 4}, other{budget, 4};
};

constexpr int patience = static_cast<int>(WorkerBudget::patience);

TEST(WorkerBudget, WhereWorkWaitsAndNoneBeginsOneMoreMayRun) {
  Stalled two;
  two.ring(patience - 1);
  EXPECT_EQ(two.stalled.places(), 2U);
  two.ring(1);
  EXPECT_EQ(two.stalled.places(), 3U);
  EXPECT_EQ(two.other.places(), 2U) << "it has begun something all the time";
  two.ring(5);
  EXPECT_EQ(two.stalled.places(), 3U) << "until one has come";
}

TEST(WorkerBudget, OneAfterTheOtherUntilAllRun) {
  Stalled two;
  for (std::uint32_t running = 3; running <= 4; ++running) {
    two.ring(patience);
    EXPECT_EQ(two.stalled.places(), running);
    two.stalled.begins();
    two.stalled.runs(running, true);
    two.ring(1);
    EXPECT_EQ(two.stalled.places(), 2U) << "one has begun";
  }
  two.ring(patience);
  EXPECT_EQ(two.stalled.places(), 4U) << "and no more than its workers";
}

TEST(WorkerBudget, WhoSearchesIsTheOneThatComes) {
  Stalled two;
  two.ring(patience);
  two.stalled.runs(3, true);
  two.stalled.search(1);
  two.ring(3);
  EXPECT_EQ(two.stalled.places(), 3U);
}

TEST(WorkerBudget, WhereNothingWaitsOrSomethingBeginsNoMoreMayRun) {
  Stalled two;
  for (int turn = 0; turn < 5; ++turn) {
    two.ring(patience - 1);
    turn % 2 == 0 ? two.stalled.begins() : two.stalled.runs(2, false);
    two.ring(1);
    two.stalled.settles();
    EXPECT_EQ(two.stalled.places(), 2U);
  }
}

TEST(WorkerBudget, PatienceBeginsAnewWhenAllHadTheirPlaces) {
  Stalled two;
  two.ring(patience - 1);
  two.other.runs(0);
  two.budget.ring();
  EXPECT_EQ(two.stalled.places(), 4U);
  two.other.runs_over(), two.stalled.runs(3, true), two.stalled.runs(4, true);
  two.budget.ring(2);
  EXPECT_EQ(two.stalled.places(), 2U);
}

TEST(WorkerBudget, WhoGetsAPlaceBetweenLookAndWatchIsSeen) {
  Budget budget(4);
  FakePool first(budget, 4), second(budget, 4);
  first.runs(2), second.runs(2);
  first.when_watched = [&] { second.runs(4); };  // is not watched yet, so this is not told
  EXPECT_EQ(budget.ring(3), 3);
  EXPECT_EQ(first.places() + second.places(), 4U);
}

TEST(WorkerBudget, WhoWorksAgainBetweenLookAndWatchIsSeen) {
  Budget budget(4);
  FakePool first(budget, 4), second(budget, 4);
  second.runs(4), second.runs(0);
  ASSERT_FALSE(second.watched() || budget.ticks());
  second.when_watched = [&] { second.runs(4); };  // is not watched yet
  first.runs(4);
  EXPECT_TRUE(budget.ticks());
}

TEST(WorkerBudget, PoolsComeAndGoMeanwhile) {
  Budget budget(4);
  FakePool first(budget, 4), second(budget, 4);
  first.runs_over(), second.runs_over();
  {
    FakePool third(budget, 4);
    third.runs_over();
    budget.ring();
    EXPECT_EQ(first.places() + second.places() + third.places(), 4U);
  }
  budget.ring();
  EXPECT_EQ(first.places(), 2U);
  EXPECT_EQ(second.places(), 2U);
}

TEST(WorkerBudget, TheLastOneHasAllItsPlacesBack) {
  Budget budget(4);
  FakePool stays(budget, 4);
  {
    FakePool goes(budget, 4);
    stays.runs_over(), goes.runs_over();
    budget.ring();
    EXPECT_EQ(stays.places(), 2U);
  }
  EXPECT_EQ(budget.ring(5), 1);
  EXPECT_EQ(stays.places(), 4U);
}

TEST(WorkerBudget, WithoutAClockAllKeepTheirPlaces) {
  Budget budget(4);
  budget.break_clock();
  FakePool first(budget, 4), second(budget, 4);
  first.runs_over(), second.runs_over();
  EXPECT_FALSE(budget.ticks());
  EXPECT_EQ(first.changes() + second.changes(), 0);
}

TEST(WorkerBudget, WhenTheClockIsLostAllHaveTheirPlacesBack) {
  Budget budget(4);
  FakePool first(budget, 4), second(budget, 4);
  first.runs_over(), second.runs_over();
  budget.ring();
  EXPECT_EQ(first.places(), 2U);
  budget.break_clock();
  budget.ring();
  EXPECT_EQ(first.places(), 4U);
  EXPECT_EQ(second.places(), 4U);
}

TEST(WorkerBudget, AForkedChildBeginsWithoutPools) {
  Budget budget(4);
  FakePool first(budget, 4), second(budget, 4);
  first.runs_over(), second.runs_over();
  EXPECT_TRUE(budget.ticks());
  EXPECT_EQ(psyne_test::in_child([&] {
              budget.begin_anew();
              budget.ring();
              if (first.changes() + second.changes() != 0 || budget.ticks()) return 1;
              FakePool own(budget, 2), other(budget, 2);
              own.runs_over(), other.runs_over();
              budget.ring();
              return own.places() == 2 && other.places() == 2 ? 0 : 2;  // with the CPUs that there are
            }),
            0);
}

}  // namespace
