#include <psyne/pool/crew/crew.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::Clock;
using psyne::Crew;
using psyne::Sleep;
using Called = Crew<>::Called;
using Rise = Crew<>::Rise;

/// What is counted, as one value to compare: active, searching, idle, blocked, guests.
std::vector<std::uint32_t> counted(const Crew<>& crew) {
  const auto state = crew.snapshot();
  return {state.active, state.searching, state.idle, state.blocked, state.guests};
}
using Counted = std::vector<std::uint32_t>;

/// A crew with some that run jobs, and some that sleep.
class Team : public Crew<> {
 public:
  Team(std::uint32_t places, int busy, int asleep) : Crew(places) {
    for (int one = 0; one < busy + asleep; ++one) admit();
    for (int one = 0; one < asleep; ++one) rest();
    for (int one = 0; one < busy; ++one) static_cast<void>(found());
  }
  /// Whether a token is there; takes it.
  bool token() { return sleep(Clock::now()) == Sleep::woken; }
};

TEST(Crew, CountsItsThreads) {
  Crew<> crew(4);
  EXPECT_EQ(counted(crew), (Counted{0, 0, 0, 0, 0}));
  crew.admit();
  crew.admit();
  EXPECT_EQ(counted(crew), (Counted{2, 2, 0, 0, 0}));
  static_cast<void>(crew.found());
  crew.rest();
  EXPECT_EQ(counted(crew), (Counted{1, 0, 1, 0, 0}));
  crew.guest_enters();
  crew.leave();
  EXPECT_EQ(counted(crew), (Counted{1, 0, 1, 1, 1}));
  crew.guest_sleeps();
  EXPECT_EQ(counted(crew), (Counted{0, 0, 1, 2, 0}));
  crew.guest_wakes();
  crew.come_back();
  crew.search();
  EXPECT_EQ(counted(crew), (Counted{2, 1, 1, 0, 1}));
  crew.guest_leaves();
  EXPECT_EQ(counted(crew), (Counted{1, 1, 1, 0, 0}));
}

TEST(Crew, SomebodyIsWantedWhileAPlaceIsFreeAndNobodySearches) {
  Team crew(2, 1, 1);
  EXPECT_TRUE(crew.wanted());
  EXPECT_EQ(crew.call(false), Called::sleeper);
  EXPECT_FALSE(crew.wanted()) << "one searches";
  EXPECT_EQ(crew.call(false), Called::nobody);
  EXPECT_TRUE(crew.found()) << "the last that searched";
  EXPECT_FALSE(crew.wanted()) << "both places are taken";
  EXPECT_EQ(crew.call(true), Called::nobody);
}

TEST(Crew, ACallGivesOneTokenToOneThatSleeps) {
  Team crew(4, 0, 2);
  EXPECT_FALSE(crew.token());
  EXPECT_EQ(crew.call(true), Called::sleeper);
  EXPECT_EQ(counted(crew), (Counted{1, 1, 1, 0, 0}));
  EXPECT_TRUE(crew.token());
  EXPECT_FALSE(crew.token()) << "one";
}

TEST(Crew, WhereNobodySleepsANewcomerIsCounted) {
  Team crew(2, 1, 0);
  EXPECT_EQ(crew.call(true), Called::newcomer);
  EXPECT_EQ(counted(crew), (Counted{2, 1, 0, 0, 0}));
  EXPECT_FALSE(crew.withdraw()) << "there was none to be had";
  EXPECT_EQ(counted(crew), (Counted{1, 0, 0, 0, 0}));
  EXPECT_FALSE(crew.token());
}

TEST(Crew, WhoWaitsInsideAJobComesToAPlaceThatIsKept) {
  Team team(2, 2, 0);
  EXPECT_FALSE(team.reserve(false)) << "the places are taken";
  team.leave();
  team.guest_enters();
  team.guest_sleeps();
  EXPECT_TRUE(team.reserve(false));
  EXPECT_EQ(counted(team), (Counted{2, 1, 0, 2, 0}));
  EXPECT_FALSE(team.reserve(false)) << "one searches";
  team.arrive();
  EXPECT_EQ(counted(team), (Counted{2, 1, 0, 1, 0}));
  team.leave(true);  // having found nothing
  EXPECT_EQ(counted(team), (Counted{1, 0, 0, 2, 0}));
  EXPECT_TRUE(team.reserve(true));
  team.guest_arrives();
  EXPECT_EQ(counted(team), (Counted{2, 1, 0, 1, 1}));
  team.guest_sleeps(true);
  EXPECT_EQ(counted(team), (Counted{1, 0, 0, 2, 0}));
  EXPECT_TRUE(team.reserve(true));
  EXPECT_FALSE(team.withdraw()) << "it woke by itself, and nobody sleeps";
  EXPECT_EQ(counted(team), (Counted{1, 0, 0, 2, 0}));
}

TEST(Crew, WhoSleptBecauseOfANewcomerIsCalledInItsPlace) {
  Team crew(2, 1, 0);
  EXPECT_EQ(crew.call(true), Called::newcomer);
  crew.search();
  crew.rest();
  EXPECT_TRUE(crew.withdraw());
  EXPECT_EQ(counted(crew), (Counted{1, 1, 0, 0, 0}));
  EXPECT_TRUE(crew.token());
}

TEST(Crew, OnlyTheLastThatSearchedLooksForMore) {
  Team crew(4, 0, 0);
  for (int one = 0; one < 3; ++one) crew.admit();
  EXPECT_FALSE(crew.found());
  EXPECT_FALSE(crew.found());
  EXPECT_TRUE(crew.found());
}

TEST(Crew, WhoRestsAndSeesWorkRisesUnlessItWasCalled) {
  Team crew(2, 0, 1);
  EXPECT_EQ(crew.rise(), Rise::searching);
  EXPECT_EQ(counted(crew), (Counted{1, 1, 0, 0, 0}));
  crew.rest();
  EXPECT_EQ(crew.call(true), Called::sleeper);
  EXPECT_EQ(crew.rise(), Rise::called);
  EXPECT_TRUE(crew.token());
}

TEST(Crew, WhoRestsDoesNotRiseWhenThePlacesAreTaken) {
  Team crew(1, 1, 1);
  EXPECT_EQ(crew.rise(), Rise::no_place);
  EXPECT_EQ(counted(crew), (Counted{1, 0, 1, 0, 0}));
}

TEST(Crew, JobsBringOneWorkerWhereGuestsHaveAllPlaces) {
  Team crew(2, 0, 2);
  for (int guest = 0; guest < 3; ++guest) crew.guest_enters();
  EXPECT_FALSE(crew.wanted()) << "for forks, the places are taken";
  EXPECT_EQ(crew.call(false), Called::nobody);
  EXPECT_TRUE(crew.wanted_by_jobs());
  EXPECT_EQ(crew.call(true), Called::sleeper);
  static_cast<void>(crew.found());
  EXPECT_FALSE(crew.wanted_by_jobs()) << "one is enough";
  EXPECT_FALSE(crew.crowded()) << "and it stays";
  EXPECT_FALSE(crew.step_down());
}

TEST(Crew, WhoRestsRisesForGuestsJobs) {
  Team crew(1, 0, 1);
  crew.guest_enters();
  EXPECT_EQ(crew.rise(), Rise::searching);
}

TEST(Crew, AThreadStepsDownWhileMoreRunThanThereArePlaces) {
  Team crew(2, 2, 0);
  crew.leave();
  crew.admit();
  static_cast<void>(crew.found());
  EXPECT_FALSE(crew.crowded());
  crew.come_back();
  EXPECT_TRUE(crew.crowded());
  EXPECT_TRUE(crew.step_down());
  EXPECT_EQ(counted(crew), (Counted{2, 0, 1, 0, 0}));
  EXPECT_FALSE(crew.crowded());
  EXPECT_FALSE(crew.step_down());
}

TEST(Crew, OneWorkerStaysHoweverManyGuestsThereAre) {
  Team crew(1, 2, 0);
  for (int guest = 0; guest < 4; ++guest) crew.guest_enters();
  EXPECT_TRUE(crew.step_down());
  EXPECT_FALSE(crew.step_down());
  EXPECT_EQ(counted(crew), (Counted{5, 0, 1, 0, 4}));
}

TEST(Crew, OnlyWhoIsNotCalledMayEnd) {
  Team crew(2, 0, 2);
  EXPECT_EQ(crew.call(true), Called::sleeper);
  EXPECT_TRUE(crew.retire()) << "the other";
  EXPECT_FALSE(crew.retire());
  EXPECT_TRUE(crew.token());
}

TEST(Crew, AsManyAsThereAreWorkersStay) {
  Team crew(2, 0, 2);
  EXPECT_FALSE(crew.any_spare());
  EXPECT_FALSE(crew.retire_spare());
  crew.admit();
  crew.leave();  // one that waits inside a job
  EXPECT_TRUE(crew.any_spare());
  EXPECT_TRUE(crew.retire_spare());
  EXPECT_FALSE(crew.any_spare());
  EXPECT_FALSE(crew.retire_spare());
  crew.guest_enters();
  EXPECT_FALSE(crew.any_spare()) << "guests are left aside";
}

TEST(Crew, AsManyAsThereAreWorkersStayWhateverPlacesThereAre) {
  Team crew(2, 0, 2);
  crew.set_places(1);
  EXPECT_EQ(crew.workers(), 2U);
  EXPECT_FALSE(crew.any_spare());
  EXPECT_FALSE(crew.retire_spare());
}

TEST(Crew, MorePlacesMakeRoom) {
  Team crew(1, 1, 1);
  EXPECT_FALSE(crew.wanted());
  crew.set_places(2);
  EXPECT_EQ(crew.places(), 2U);
  EXPECT_TRUE(crew.wanted());
  crew.call(true);
  static_cast<void>(crew.found());
  crew.set_places(1);
  EXPECT_TRUE(crew.crowded());
}

TEST(Crew, CallAllWakesWhoeverSleeps) {
  Team crew(1, 0, 3);
  std::atomic<int> woken{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 3; ++thread) {
    threads.emplace_back([&] {
      if (crew.sleep(Clock::now() + 30s) == Sleep::woken) ++woken;
    });
  }
  crew.call_all();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(woken.load(), 3);
  EXPECT_EQ(counted(crew), (Counted{3, 3, 0, 0, 0}));
  crew.call_all();
  EXPECT_FALSE(crew.token()) << "for nobody";
}

TEST(Crew, CountsAsManyAsThereMayBe) {
  Crew<> crew(Crew<>::most_threads);
  for (std::uint32_t one = 0; one < Crew<>::most_threads; ++one) crew.admit();
  EXPECT_EQ(counted(crew), (Counted{4095, 4095, 0, 0, 0}));
  for (std::uint32_t one = 0; one < Crew<>::most_threads; ++one) crew.rest();
  EXPECT_EQ(counted(crew), (Counted{0, 0, 4095, 0, 0}));
}

}  // namespace
