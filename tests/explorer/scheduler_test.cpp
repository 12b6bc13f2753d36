#include <gtest/gtest.h>

#include <explorer/expectations.hpp>
#include <explorer/explored_pool.hpp>
#include <explorer/mutants.hpp>
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

/// A job sleeps until another, posted later, has run: a spare takes its place.
template <class Atomics>
void block_inside(std::uint32_t places, std::uint32_t threads, psyne::Clock::duration retire_after) {
  ExploredPool<Atomics> pool(places, threads, retire_after);
  Occasion first, second;
  const auto wait_inside = [&](Occasion& occasion) {
    pool.scheduler().blocking();
    occasion.wait();
    pool.scheduler().resumed();
  };
  ExploredJob waits([&] { wait_inside(first); }), frees([&] { first.happen(); });
  ExploredJob waits_too([&] { wait_inside(second); }), frees_too([&] { second.happen(); });
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
      "Scheduler, a spare", [] { block_inside<ExplorerAtomics>(1, 3, ExploredPool<ExplorerAtomics>::never); }, deep());
  expect_sound(
      "Scheduler, spares that retire", [] { block_inside<ExplorerAtomics>(1, 2, 1us); }, deep());
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

/// At the limit of threads a job blocks, and comes back while others post.
template <class Atomics>
void come_back_at_the_limit() {
  ExploredPool<Atomics> pool(1, 1);
  Occasion occasion;
  ExploredJob waits([&] {
    pool.scheduler().blocking();
    occasion.wait();
    pool.scheduler().resumed();
  });
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

}  // namespace
