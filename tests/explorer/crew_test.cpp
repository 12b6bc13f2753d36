#include <gtest/gtest.h>

#include <explorer/checked.hpp>
#include <explorer/expectations.hpp>
#include <explorer/mutants.hpp>
#include <explorer/mutated_crew.hpp>
#include <explorer/occasion.hpp>
#include <explorer/team.hpp>

namespace {

using namespace std::chrono_literals;
using namespace psyne::explorer;
using Clock = psyne::Clock;

Search deep(std::uint64_t random = 20'000, std::uint64_t systematic = 10'000) {
  Search search;
  search.systematic = systematic;
  search.random = random;
  search.bounds.steps = 20'000;
  return search;
}

const auto nothing = [] {};

/// Two publish at once, while the team begins, works and sleeps.
template <class Team, std::uint32_t places>
void publish() {
  Team team(places, places, {nothing, nothing, nothing});
  ExploredThread other([&] { team.publish(); });
  team.publish();
  team.publish();
  other.join();
  team.close();
}

/// Two jobs that need each other to run at once: not one place may stay empty.
template <class Team>
void meet() {
  Occasion first, second;
  Team team(2, 2, {nothing, [&] { first.happen(), second.wait(); }, [&] { second.happen(), first.wait(); }});
  ExploredThread other([&] { team.publish(); });
  team.publish();
  team.publish();
  other.join();
  team.close();
}

/// A job sleeps until the next has run; twice, so that spares come, rest, and retire if they do.
template <class Team>
void block(std::size_t threads, Clock::duration retire_after) {
  Team* inside = nullptr;
  Occasion first, second;
  const auto wait = [&](Occasion& occasion) {
    inside->blocking();
    occasion.wait();
    inside->resumed();
  };
  Team team(1, threads,
            {[&] { wait(first); }, [&] { first.happen(); }, [&] { wait(second); }, [&] { second.happen(); }},
            retire_after);
  inside = &team;
  team.publish();
  team.publish();
  first.wait();
  team.publish();
  team.publish();
  team.close();
}

/// The only thread there may be blocks, and comes back while others publish.
template <class Team>
void come_back_at_the_limit() {
  Team* inside = nullptr;
  Occasion occasion;
  Team team(1, 1,
            {[&] {
               inside->blocking();
               occasion.wait();
               inside->resumed();
             },
             nothing, nothing});
  inside = &team;
  team.publish();
  ExploredThread other([&] { team.publish(); });
  occasion.happen();
  team.publish();
  other.join();
  team.close();
}

/// Guests hold all places and wait for a job: one worker stays, or comes.
template <class Team, int guests = 1>
void wait_as_guests() {
  Occasion done;
  Team team(1, 1, {nothing, [&] { done.happen(); }});
  std::vector<ExploredThread> threads;
  for (int guest = 1; guest < guests; ++guest) {
    threads.emplace_back([&] {
      team.enter();
      done.wait();
      team.exit();
    });
  }
  team.enter();
  team.publish();
  team.publish();
  done.wait();
  team.exit();
  for (ExploredThread& thread : threads) thread.join();
  team.close();
}

/// Workers step down for a guest, who leaves its place while there is work.
template <class Team>
void leave_work_behind() {
  Occasion met;
  Team team(2, 2, {nothing, [&] { met.wait(); }, [&] { met.happen(); }});
  team.enter();
  ExploredThread other([&] { team.publish(); });
  team.publish();
  team.publish();
  team.exit();
  other.join();
  team.close();
}

/// One place becomes two, and a job waits for the next.
template <class Team>
void widen() {
  Occasion met;
  Team team(1, 2, {[&] { met.wait(); }, [&] { met.happen(); }});
  ExploredThread other([&] { team.set_places(2); });
  team.publish();
  team.publish();
  other.join();
  team.close();
}

/// Two places become one and two again, while a job waits for the next.
template <class Team>
void narrow_and_widen() {
  Occasion met;
  Team team(2, 2, {nothing, [&] { met.wait(); }, [&] { met.happen(); }});
  ExploredThread other([&] {
    team.set_places(1);
    team.set_places(2);
  });
  for (int job = 0; job < 3; ++job) team.publish();
  other.join();
  team.close();
}

TEST(CrewExplored, WhatIsPublishedIsRun) {
  expect_sound("Crew, one place", publish<Team<>, 1>, deep());
  expect_sound("Crew, two places", publish<Team<>, 2>, deep());
}

TEST(CrewExplored, NoPlaceStaysEmpty) {
  expect_sound("Crew, jobs that meet", meet<Team<>>, deep());
  expect_sound("Crew, one place more", widen<Team<>>, deep());
  expect_sound("Crew, a place less, and more again", narrow_and_widen<Team<>>, deep());
}

TEST(CrewExplored, TheBlockedAreReplacedAndComeBack) {
  expect_sound(
      "Crew, a spare", [] { block<Team<>>(3, Team<>::never); }, deep());
  expect_sound(
      "Crew, spares that retire", [] { block<Team<>>(2, 1us); }, deep());
  expect_sound("Crew, at the limit", come_back_at_the_limit<Team<>>, deep());
}

TEST(CrewExplored, GuestsHoldNoJobUp) {
  expect_sound("Crew, a guest", wait_as_guests<Team<>>, deep());
  expect_sound("Crew, two guests", wait_as_guests<Team<>, 2>, deep());
  expect_sound("Crew, a guest that leaves", leave_work_behind<Team<>>, deep());
}

template <TeamBug bug>
using Forgetful = Team<ExplorerAtomics, bug>;
template <CrewBug bug>
using Mutated = Team<WithCrewBug<bug>>;

Search long_one() { return deep(300'000, 2'000); }

TEST(CrewExplored, EveryLookIsNeeded) {
  using Bug = TeamBug;
  expect_found("no look after resting", publish<Forgetful<Bug::resting>, 1>, "sleeps", long_one());
  expect_found(
      "no look when blocking", [] { block<Forgetful<Bug::blocking>>(2, 1us); }, "sleeps", long_one());
  expect_found("no look of a guest that leaves", leave_work_behind<Forgetful<Bug::leaving_as_guest>>, "sleeps",
               long_one());
  expect_found(
      "no look of one that retires", [] { block<Forgetful<Bug::retiring>>(2, 1us); }, "sleeps", long_one());
  expect_found(
      "no look when no seat was found", [] { block<Forgetful<Bug::withdrawing>>(2, 1us); }, "sleeps", long_one());
  expect_found("no look when there are more places", widen<Forgetful<Bug::widening>>, "sleeps", long_one());
}

TEST(CrewExplored, SeededBugsAreFound) {
  using Bug = CrewBug;
  expect_sound("mutated crew without a bug", meet<Mutated<Bug::none>>, deep());
  expect_found("resting for good", publish<Mutated<Bug::rests_for_good>, 1>, "sleeps", long_one());
  expect_found("the last finder calls nobody", meet<Mutated<Bug::last_finder_calls_nobody>>, "sleeps", long_one());
  expect_found("rising though called", publish<Mutated<Bug::rises_though_called>, 2>, "", long_one());
  expect_found(
      "ending though called", [] { block<Mutated<Bug::ends_though_called>>(2, 1us); }, "", long_one());
  expect_found("withdrawing from sleepers", come_back_at_the_limit<Mutated<Bug::withdraws_from_sleepers>>, "sleeps",
               long_one());
  expect_found("guests that do jobs", wait_as_guests<Mutated<Bug::guests_do_jobs>>, "sleeps", long_one());
  expect_found("all step down", wait_as_guests<Mutated<Bug::all_step_down>>, "sleeps", long_one());
  expect_found("stepping down for good", narrow_and_widen<Mutated<Bug::steps_down_for_good>>, "sleeps", long_one());
  expect_found("an end without a call", publish<Mutated<Bug::ends_without_a_call>, 1>, "sleeps", long_one());
  expect_found("no wakes", publish<Team<WakeMissing>, 1>, "sleeps", long_one());
  expect_found("no tokens", publish<Team<TokenMissing>, 1>, "sleeps", long_one());
  expect_found("a word that is not sequential", publish<Team<SequentialMissing>, 1>, "sleeps", long_one());
}

}  // namespace
