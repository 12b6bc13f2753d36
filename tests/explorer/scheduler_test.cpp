#include <gtest/gtest.h>

#include <explorer/expectations.hpp>
#include <explorer/explored_pool.hpp>
#include <explorer/mutants.hpp>
#include <explorer/mutated_crew.hpp>
#include <explorer/occasion.hpp>

namespace {

using namespace std::chrono_literals;
using psyne::Priority;
using psyne::Work;
using namespace psyne::explorer;

Search deep(std::uint64_t random = 3'000, std::uint64_t systematic = 2'000) {
  Search search;
  search.systematic = systematic;
  search.random = random;
  search.bounds.steps = 20'000;
  return search;
}

/// Threads from outside post while the pool begins, works and sleeps.
template <class Atomics>
void post_from_outside(std::uint32_t places, int posters) {
  ExploredPool<Atomics> pool(places, places);
  std::array<ExploredJob, 3> jobs;
  pool.scheduler().start_all();
  std::vector<ExploredThread> threads;
  for (int poster = 1; poster < posters; ++poster) {
    threads.emplace_back([&, poster] { pool.post(jobs[poster]); });
  }
  pool.post(jobs[0]);
  for (std::size_t own = posters; own < jobs.size(); ++own) pool.post(jobs[own], Priority::high);
  for (ExploredThread& thread : threads) thread.join();
  pool.close();
}

TEST(SchedulerExplored, RunsWhatIsPostedAndEnds) {
  expect_sound(
      "Scheduler, one place", [] { post_from_outside<ExplorerAtomics>(1, 1); }, deep());
  expect_sound(
      "Scheduler, one place, three posters", [] { post_from_outside<ExplorerAtomics>(1, 3); }, deep());
  expect_sound(
      "Scheduler, two places", [] { post_from_outside<ExplorerAtomics>(2, 2); }, deep());
}

/// A job sleeps until another, posted later, has run: a spare takes its place. Twice.
template <class Atomics>
void block_inside(std::uint32_t threads, psyne::Clock::duration retire_after) {
  ExploredPool<Atomics> pool(1, threads, retire_after);
  Occasion first, second;
  ExploredJob waits([&] { pool.sleep_inside([&] { first.wait(); }); }), frees([&] { first.happen(); });
  ExploredJob waits_too([&] { pool.sleep_inside([&] { second.wait(); }); }), frees_too([&] { second.happen(); });
  pool.scheduler().start_all();
  pool.post(waits);
  pool.post(frees);
  first.wait();
  pool.post(waits_too);
  pool.post(frees_too);
  pool.close();
}

TEST(SchedulerExplored, AJobThatSleepsHoldsNobodyUp) {
  expect_sound(
      "Scheduler, a spare", [] { block_inside<ExplorerAtomics>(3, ExploredPool<ExplorerAtomics>::never); }, deep());
  expect_sound(
      "Scheduler, spares that retire", [] { block_inside<ExplorerAtomics>(2, 1us); }, deep());
}

/// Two of four jobs need each other to run at once, without saying so, and may be taken from the queue together.
template <class Atomics>
void meet() {
  ExploredPool<Atomics> pool(2, 2);
  Occasion first, second;
  ExploredJob one([&] { first.happen(), second.wait(); }), other([&] { second.happen(), first.wait(); }), more, last;
  ExploredJob posts([&] {
    for (ExploredJob* job : {&one, &other, &more, &last}) pool.post(*job);
  });
  pool.scheduler().start_all();
  pool.post(posts);
  pool.close();
}

TEST(SchedulerExplored, AsManyRunAtOnceAsThereArePlaces) {
  expect_sound(
      "Scheduler, jobs that meet", [] { meet<ExplorerAtomics>(); }, deep(20'000));
}

/// Two jobs need each other to run at once, while the pool has one place for a moment. `widen` gives it both again.
template <class Atomics, class Widen>
void meet_after_narrow_places(const Widen& widen) {
  ExploredPool<Atomics> pool(2, 2);
  Occasion first, second;
  ExploredJob one([&] { first.happen(), second.wait(); }), other([&] { second.happen(), first.wait(); }), more;
  pool.scheduler().start_all();
  ExploredThread budget([&] {
    pool.scheduler().set_places(1);
    widen(pool.scheduler());
  });
  for (ExploredJob* job : {&more, &one, &other}) pool.post(*job);
  budget.join();
  pool.close();
}

template <class Atomics = ExplorerAtomics>
void places_come_back() {
  meet_after_narrow_places<Atomics>([](auto& scheduler) { scheduler.set_places(2); });
}

TEST(SchedulerExplored, PlacesThatComeBackAreTaken) {
  expect_sound("Scheduler, places that come back", places_come_back<>, deep(30'000));
}

TEST(SchedulerExplored, PlacesThatComeBackWithoutACallAreFoundEmpty) {
  expect_found(
      "Scheduler, places without a call",
      [] { meet_after_narrow_places<ExplorerAtomics>([](auto& scheduler) { scheduler.crew().set_places(2); }); },
      "sleeps", deep(100'000, 1'000));
  expect_found("Scheduler, stepping down for good", places_come_back<WithCrewBug<CrewBug::steps_down_for_good>>,
               "sleeps", deep(300'000, 1'000));
}

enum class Watches : std::uint8_t { before_it_looks, after_it_looked };

/// Somebody watches who gets a place, while a job is posted, another sleeps inside, and a guest comes: whatever runs
/// after he looked at the crew he has seen there, or was told of.
template <Watches watches>
void watch_places() {
  ExploredPool<ExplorerAtomics> pool(1, 3);
  ExplorerAtomics::Atomic<bool> looked{false};
  bool ran_unseen = false, seen = false;
  const auto note = [&] { ran_unseen = ran_unseen || looked.load(std::memory_order_seq_cst); };
  ExploredJob job(note), sleeps([&] {
    pool.sleep_inside([] {});
    note();
  });
  pool.scheduler().start_all();
  ExploredThread watcher([&] {
    if constexpr (watches == Watches::before_it_looks) pool.scheduler().watch();
    seen = pool.scheduler().crew().snapshot().active != 0;
    looked.store(true, std::memory_order_seq_cst);
    if constexpr (watches == Watches::after_it_looked) pool.scheduler().watch();
  });
  ExploredThread guest([&] { pool.as_guest(note); });
  pool.post(sleeps);
  pool.post(job);
  watcher.join(), guest.join();
  pool.close();
  require(!ran_unseen || seen || pool.told() != 0, "who gets a place is seen or told of");
  require(pool.told() <= 1, "it is told once");
}

TEST(SchedulerExplored, WhoGetsAPlaceIsSeenOrToldOf) {
  expect_sound("Scheduler, places that are watched", watch_places<Watches::before_it_looks>, deep(30'000));
  expect_found("Scheduler, places that are watched too late", watch_places<Watches::after_it_looked>, "told of",
               deep(100'000, 1'000));
}

/// At the limit of threads a job blocks, and comes back while others post.
template <class Atomics>
void come_back_at_the_limit() {
  ExploredPool<Atomics> pool(1, 1);
  Occasion occasion;
  ExploredJob waits([&] { pool.sleep_inside([&] { occasion.wait(); }); });
  ExploredJob more, last;
  pool.scheduler().start_all();
  pool.post(waits);
  ExploredThread poster([&] { pool.post(more); });
  occasion.happen();
  pool.post(last);
  poster.join();
  pool.close();
}

TEST(SchedulerExplored, AtTheLimitOfThreadsNothingIsForgotten) {
  expect_sound(
      "Scheduler, at the limit", [] { come_back_at_the_limit<ExplorerAtomics>(); }, deep(20'000));
}

/// Two children of each that forks, one within the other, counted without an atomic.
template <class Atomics>
void fork_twice(ExploredPool<Atomics>& pool) {
  Checked<int> older_done{0}, younger_done{0};
  ExploredFork<Atomics> older(pool, [&] { older_done = older_done + 1; });
  ExploredFork<Atomics> younger(pool, [&] { younger_done = younger_done + 1; });
  younger.join();
  require(younger_done == 1, "the younger is done");
  older.join();
  require(older_done == 1, "the older is done");
}

template <class Atomics>
void fork_in_a_job(std::uint32_t places) {
  ExploredPool<Atomics> pool(places, places);
  ExploredJob forks([&] { fork_twice(pool); });
  pool.scheduler().start_all();
  pool.post(forks);
  pool.close();
}

/// Guests fork, and jobs are posted meanwhile. With `threads` there are not seats for all.
template <class Atomics>
void fork_as_guests(std::uint32_t places, std::uint32_t threads, int guests) {
  ExploredPool<Atomics> pool(places, threads);
  ExploredJob job;
  pool.scheduler().start_all();
  std::vector<ExploredThread> others;
  for (int guest = 1; guest < guests; ++guest) {
    others.emplace_back([&] { pool.as_guest([&] { fork_twice(pool); }); });
  }
  pool.post(job);
  pool.as_guest([&] { fork_twice(pool); });
  for (ExploredThread& thread : others) thread.join();
  pool.close();
}

TEST(SchedulerExplored, ChildrenAreTakenBackOrDoneByOthers) {
  expect_sound(
      "Scheduler, forks in a job", [] { fork_in_a_job<ExplorerAtomics>(2); }, deep(10'000));
  expect_sound(
      "Scheduler, forks of a guest", [] { fork_as_guests<ExplorerAtomics>(2, 3, 1); }, deep(10'000));
  expect_sound(
      "Scheduler, forks of guests", [] { fork_as_guests<ExplorerAtomics>(2, 4, 2); }, deep(10'000));
  expect_sound(
      "Scheduler, forks of too many guests", [] { fork_as_guests<ExplorerAtomics>(1, 2, 2); }, deep(10'000));
}

/// Two threads, and two children within each other of which the inner one has to run while the outer one waits for it
/// without saying so: where the outer one was stolen, only the thread that waits for that can do the inner one.
template <class Atomics>
void recall_the_waiter(std::uint32_t places, std::uint32_t threads, bool as_guest) {
  ExploredPool<Atomics> pool(places, threads);
  const auto nest = [&pool] {
    ExploredFork<Atomics> outer(pool, [&pool] {
      Occasion done;
      ExploredFork<Atomics> inner(pool, [&] { done.happen(); });
      done.wait();
      inner.join();
    });
    outer.join();
  };
  ExploredJob nests(nest), more;
  pool.scheduler().start_all();
  as_guest ? pool.as_guest([&] { pool.post(more), nest(); }) : pool.post(nests);
  as_guest ? nests.refused() : pool.post(more);
  pool.close();
}

/// One, or two at once, have no stack for their child.
template <class Atomics>
void leave_children_to_others(std::uint32_t places, std::uint32_t threads, int parents) {
  ExploredPool<Atomics> pool(places, threads);
  Checked<int> runs{0}, other_runs{0};
  const auto leave = [&pool](Checked<int>& count) {
    ExploredFork<Atomics> child(pool, [&] { count = count + 1; });
    child.leave_to_other();
    require(count == 1, "the child is done");
  };
  ExploredJob one([&] { leave(runs); }), other([&] { leave(other_runs); });
  pool.scheduler().start_all();
  pool.post(one);
  if (parents == 2) pool.post(other);
  if (parents == 1) other.refused();
  pool.close();
}

TEST(SchedulerExplored, WhoWaitsIsRecalledForPartsOfWhatItWaitsFor) {
  expect_sound(
      "Scheduler, a waiter that is recalled", [] { recall_the_waiter<ExplorerAtomics>(2, 2, false); }, deep(30'000));
  expect_sound(
      "Scheduler, a waiter and a spare", [] { recall_the_waiter<ExplorerAtomics>(2, 3, false); }, deep(20'000));
  expect_sound(
      "Scheduler, a guest that is recalled", [] { recall_the_waiter<ExplorerAtomics>(2, 3, true); }, deep(20'000));
}

TEST(SchedulerExplored, WhatNobodyHasAStackForIsTold) {
  expect_sound(
      "Scheduler, alone without a stack", [] { leave_children_to_others<ExplorerAtomics>(1, 1, 1); }, deep());
  expect_sound(
      "Scheduler, two without a stack", [] { leave_children_to_others<ExplorerAtomics>(2, 2, 2); }, deep(20'000));
  expect_sound(
      "Scheduler, two without a stack and one place", [] { leave_children_to_others<ExplorerAtomics>(1, 2, 2); },
      deep(20'000));
}

/// A guest has the only place and waits for a job.
template <class Atomics>
void wait_as_a_guest(bool says_so) {
  ExploredPool<Atomics> pool(1, 2);
  Occasion done;
  ExploredJob job([&] { done.happen(); }), before;
  pool.scheduler().start_all();
  pool.as_guest([&] {
    pool.post(before);
    pool.post(job);
    says_so ? pool.sleep_inside([&] { done.wait(); }) : done.wait();
  });
  pool.close();
}

/// All seats are taken by guests when a job is posted; the only worker sleeps inside another.
template <class Atomics>
void find_no_seat() {
  ExploredPool<Atomics> pool(1, 2);
  Occasion done;
  ExploredJob waits([&] { pool.sleep_inside([&] { done.wait(); }); }), frees([&] { done.happen(); });
  pool.scheduler().start_all();
  ExploredThread guest([&] { pool.as_guest([] {}); });
  pool.post(waits);
  pool.post(frees);
  guest.join();
  pool.close();
}

/// A guest waits for what its child does, before it asks for the child: another has to do it.
template <class Atomics>
void wait_for_a_child(std::uint32_t places, bool says_so) {
  ExploredPool<Atomics> pool(places, places + 1);
  pool.scheduler().start_all();
  pool.as_guest([&] {
    Occasion done;
    ExploredFork<Atomics> child(pool, [&] { done.happen(); });
    says_so ? pool.sleep_inside([&] { done.wait(); }) : done.wait();
    child.join();
  });
  pool.close();
}

TEST(SchedulerExplored, WhatAGuestPutsAsideIsDoneWhileItWaits) {
  expect_sound(
      "Scheduler, a guest that waits for its child", [] { wait_for_a_child<ExplorerAtomics>(1, true); }, deep(20'000));
  expect_sound(
      "Scheduler, a guest that waits for its child and does not say so",
      [] { wait_for_a_child<ExplorerAtomics>(2, false); }, deep(20'000));
}

TEST(SchedulerExplored, GuestsHoldNoJobUp) {
  expect_sound(
      "Scheduler, a guest that waits", [] { wait_as_a_guest<ExplorerAtomics>(true); }, deep(20'000));
  expect_sound(
      "Scheduler, a guest that waits and does not say so", [] { wait_as_a_guest<ExplorerAtomics>(false); },
      deep(20'000));
  expect_sound("Scheduler, a guest in the last seat", find_no_seat<ExplorerAtomics>, deep(20'000));
}

/// What runs posts and forks while the pool is drained already.
template <class Atomics>
void close_with_work_arriving(int refused) {
  ExploredPool<Atomics> pool(1, 2);
  ExploredJob last, third([&] { pool.post(last, Priority::urgent); });
  ExploredJob second([&] { pool.post(third, Priority::low), fork_twice(pool); });
  Occasion begun;
  ExploredJob first([&] {
    begun.happen();
    pool.post(second);
    pool.sleep_inside([] {});
  });
  pool.scheduler().start_all();
  pool.refuse(refused);
  pool.post(first);
  begun.wait();
  pool.close();
}

/// Others post and take part while the pool closes: what was taken is run, though its poster may not have called
/// anybody yet, and a guest does its own.
template <class Atomics>
void close_while_others_come() {
  ExploredPool<Atomics> pool(1, 2);
  ExploredJob first, second;
  pool.scheduler().start_all();
  ExploredThread poster([&] {
    for (ExploredJob* job : {&first, &second}) {
      if (!pool.offer(*job)) job->refused();
    }
  });
  ExploredThread guest([&] { pool.as_guest([&] { fork_twice(pool); }); });
  pool.drain();
  poster.join(), guest.join();
  pool.end();
}

TEST(SchedulerExplored, ClosingIsExact) {
  expect_sound("Scheduler, others come while it closes", close_while_others_come<ExplorerAtomics>, deep(20'000));
}

TEST(SchedulerExplored, ClosingWaitsForAllThatComes) {
  expect_sound(
      "Scheduler, work arrives while it closes", [] { close_with_work_arriving<ExplorerAtomics>(0); }, deep(20'000));
  expect_sound(
      "Scheduler, and no thread is to be had", [] { close_with_work_arriving<ExplorerAtomics>(3); }, deep(20'000));
}

Search long_one() { return deep(100'000, 1'000); }

TEST(SchedulerExplored, SeededBugsAreFound) {
  using Bug = CrewBug;
  constexpr auto never = ExploredPool<ExplorerAtomics>::never;
  expect_found(
      "Scheduler, resting for good", [] { post_from_outside<WithCrewBug<Bug::rests_for_good>>(1, 3); }, "sleeps",
      long_one());
  expect_found("Scheduler, the last finder calls nobody", meet<WithCrewBug<Bug::last_finder_calls_nobody>>, "sleeps",
               long_one());
  expect_found(
      "Scheduler, ending though called", [] { block_inside<WithCrewBug<Bug::ends_though_called>>(2, 1us); }, "",
      long_one());
  expect_found("Scheduler, withdrawing from sleepers",
               come_back_at_the_limit<WithCrewBug<Bug::withdraws_from_sleepers>>, "sleeps", long_one());
  expect_found(
      "Scheduler, guests that do jobs", [] { wait_as_a_guest<WithCrewBug<Bug::guests_do_jobs>>(false); }, "sleeps",
      long_one());
  expect_found(
      "Scheduler, a recalled waiter that is counted twice",
      [] { recall_the_waiter<WithCrewBug<Bug::arrives_twice>>(2, 2, false); }, "", long_one());
  expect_found(
      "Scheduler, a recalled waiter that searches for ever",
      [] { recall_the_waiter<WithCrewBug<Bug::never_settles>>(2, 2, false); }, "", long_one());
  expect_found(
      "Scheduler, a recall without a place", [] { recall_the_waiter<WithCrewBug<Bug::reserves_nothing>>(2, 2, false); },
      "", long_one());
  expect_found(
      "Scheduler, nobody recalled", [] { recall_the_waiter<WithCrewBug<Bug::recalls_nobody>>(2, 2, false); }, "sleeps",
      long_one());
  expect_found(
      "Scheduler, an end without a call", [] { post_from_outside<WithCrewBug<Bug::ends_without_a_call>>(1, 1); },
      "sleeps", long_one());
  expect_found(
      "Scheduler without wakes", [] { block_inside<WakeMissing>(3, never); }, "sleeps", long_one());
  expect_found(
      "Scheduler without tokens", [] { post_from_outside<TokenMissing>(2, 2); }, "sleeps", long_one());
  expect_found(
      "Scheduler, not sequential", [] { post_from_outside<SequentialMissing>(1, 3); }, "sleeps", long_one());
  expect_found(
      "Scheduler without release", [] { fork_in_a_job<SequentialRelaxed>(2); }, "", long_one());
  expect_found(
      "Scheduler, a child's end not released", [] { fork_in_a_job<ReleaseMissing>(2); }, "race", long_one());
  expect_found(
      "Scheduler, a child's end not acquired", [] { fork_in_a_job<AcquireMissing>(2); }, "race", long_one());
}

}  // namespace
