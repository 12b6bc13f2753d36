#include <psyne/pool/algorithm/par_invoke.hpp>
#include <psyne/pool/job/posted_jobs.hpp>
#include <psyne/pool/job/scope.hpp>
#include <psyne/pool/pool/pool.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

namespace {

using psyne::Pool;
using psyne::PostedJobs;
using psyne::Scope;
using psyne::Ticket;
using psyne::Work;

struct Counted : Work {
  Counted() : Work([](Work& self) noexcept { ++static_cast<Counted&>(self).runs; }) {}
  std::atomic<int> runs{0};
};

void run(Work& work) { work.run(work); }

std::atomic<std::uint32_t> lying{0};  // in the queue

TEST(Ticket, TheQueueOrWhoWaitsHasTheWork) {
  Counted first, second;
  Ticket& queued = *Ticket::make(first, lying);
  run(queued);  // by the queue
  EXPECT_EQ(first.runs, 1);
  EXPECT_TRUE(queued.taken());
  EXPECT_EQ(queued.take(), nullptr);
  queued.let_go();
  Ticket& taken = *Ticket::make(second, lying);
  EXPECT_EQ(taken.take(), &second);
  taken.let_go();
  run(taken);
  EXPECT_EQ(second.runs, 0) << "who took it runs it";
}

TEST(Ticket, AThreadHasABoundedNumberInTheQueue) {
  Counted work;
  std::vector<Ticket*> tickets;
  while (Ticket* const ticket = Ticket::make(work, lying)) {
    tickets.push_back(ticket);
    ASSERT_LE(tickets.size(), Ticket::most);
    static_cast<void>(ticket->take());
    ticket->let_go();
  }
  EXPECT_EQ(tickets.size(), Ticket::most) << "though all have been taken";
  for (Ticket* const ticket : tickets) run(*ticket);
  EXPECT_EQ(lying, 0U);
}

TEST(PostedJobs, GivesTheOldestThatNobodyHasTaken) {
  std::array<Counted, 4> work;
  std::array<Ticket*, 4> tickets{};
  PostedJobs posted;
  EXPECT_EQ(posted.take(), nullptr);
  for (std::size_t at = 0; at < work.size(); ++at) posted.add(*(tickets[at] = Ticket::make(work[at], lying)));
  EXPECT_TRUE(posted.any());
  run(*tickets[0]);
  run(*tickets[2]);
  EXPECT_EQ(posted.take(), &work[1]);
  EXPECT_EQ(posted.take(), &work[3]);
  EXPECT_EQ(posted.take(), nullptr);
  EXPECT_FALSE(posted.any());
  run(*tickets[1]);
  run(*tickets[3]);
}

TEST(PostedJobs, KeepNothingOfThoseThatWereTaken) {
  PostedJobs posted;
  Counted work;
  const auto post = [&](int count) {
    for (; count > 0; --count) {
      Ticket& ticket = *Ticket::make(work, lying);
      posted.add(ticket);
      run(ticket);
    }
  };
  post(1'000);
  const std::size_t before = psyne::job_slabs();
  post(1'000'000);
  EXPECT_LT(psyne::job_slabs(), before + 8);
}

TEST(PostedJobs, EachHasOneTaker) {
  PostedJobs posted;
  constexpr int count = Ticket::most;
  std::atomic<int> runs{0}, added{0};
  std::vector<Counted> work(count);
  std::vector<Ticket*> tickets(count);
  for (int at = 0; at < count; ++at) tickets[at] = Ticket::make(work[at], lying);
  std::thread queue([&] {
    for (int at = 0; at < count; ++at) {
      while (added <= at) std::this_thread::yield();
      run(*tickets[at]);
    }
  });
  for (Ticket* ticket : tickets) {
    posted.add(*ticket);
    ++added;
    if (Work* const mine = posted.take()) run(*mine);
  }
  while (Work* const mine = posted.take()) run(*mine);
  queue.join();
  for (const Counted& one : work) runs += one.runs == 1 ? 1 : 0;
  EXPECT_EQ(runs, count);
}

// There is one thread, so what it does not do itself nobody does.
Pool alone() { return Pool::open({.workers = 1, .name = "alone", .max_threads = 1}).value(); }

TEST(PostedJobs, WhatDoesNotFitIntoTheDequeIsDoneByWhoWaits) {
  Pool pool = alone();
  int runs = 0;
  pool.submit([&] {
        Scope scope;
        for (int count = 0; count < 1'000; ++count) scope.spawn([&] { ++runs; });
        scope.wait();
      })
      .get();
  EXPECT_EQ(runs, 1'000);
}

TEST(PostedJobs, WhatAWaitFurtherInGaveAwayIsDoneByWhoWaits) {
  Pool pool = alone();
  int outer_runs = 0;
  bool right = false;
  pool.submit([&] {
        Scope outer;
        outer.spawn([&] {
          Scope inner;
          inner.spawn([] {});
          outer.spawn([&] { ++outer_runs; });
          psyne::par_invoke([&] { inner.wait(); }, [&] { right = true; });
        });
        outer.wait();
      })
      .get();
  EXPECT_TRUE(right);
  EXPECT_EQ(outer_runs, 1);
}

}  // namespace
