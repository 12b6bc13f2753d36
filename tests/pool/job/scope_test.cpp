#include <psyne/core/stop/stop_source.hpp>
#include <psyne/pool/algorithm/par_invoke.hpp>
#include <psyne/pool/job/blocking.hpp>
#include <psyne/pool/job/scope.hpp>
#include <psyne/pool/memory/job_memory.hpp>
#include <psyne/pool/pool/pool.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

#include <eventually.hpp>
#include <pool/held_workers.hpp>

namespace {

using namespace std::chrono_literals;
using psyne::Pool;
using psyne::Scope;
using psyne::StopReason;
using psyne_test::HeldWorkers;

Pool scope_pool(std::size_t workers) { return Pool::open({.workers = workers, .name = "scopes"}).value(); }

TEST(Scope, AThousandJobsInAScopeThatClosesAtOnce) {
  Pool pool = scope_pool(2);
  std::atomic<int> runs{0};
  {
    Scope scope(pool);
    for (int count = 0; count < 1000; ++count) scope.spawn([&] { ++runs; });
  }
  EXPECT_EQ(runs, 1000);
}

TEST(Scope, TheSameInsideAJob) {
  Pool pool = scope_pool(2);
  auto job = pool.submit([] {
    std::atomic<int> runs{0};
    {
      Scope scope;
      for (int count = 0; count < 1000; ++count) scope.spawn([&] { ++runs; });
    }
    return runs.load();
  });
  EXPECT_EQ(job.get(), 1000);
}

TEST(Scope, JobsSpawnJobsOfTheSameScope) {
  Pool pool = scope_pool(2);
  std::atomic<int> leaves{0};
  Scope scope(pool);
  std::function<void(int)> grow = [&](int depth) {
    if (depth == 0) {
      ++leaves;
      return;
    }
    scope.spawn([&, depth] { grow(depth - 1); });
    scope.spawn([&, depth] { grow(depth - 1); });
  };
  grow(12);
  scope.wait();
  EXPECT_EQ(leaves, 4096);
}

TEST(Scope, IsUsedAgainAfterAWait) {
  Pool pool = scope_pool(2);
  std::atomic<int> runs{0};
  Scope scope(pool);
  for (int round = 1; round <= 100; ++round) {
    for (int count = 0; count < 10; ++count) scope.spawn([&] { ++runs; });
    scope.wait();
    ASSERT_EQ(runs, 10 * round);
  }
  scope.wait();
}

TEST(Scope, OfThoseThatThrewTheOneSpawnedFirstGoesOn) {
  Pool pool = scope_pool(4);
  for (int round = 0; round < 50; ++round) {
    Scope scope(pool);
    std::atomic<int> arrived{0};
    for (int number = 0; number < 4; ++number) {
      scope.spawn([&, number] {
        ++arrived;
        psyne_test::eventually([&] { return arrived == 4; });  // so that all have begun, and all throw
        throw std::runtime_error(std::to_string(number));
      });
    }
    try {
      scope.wait();
      FAIL() << "nothing was thrown";
    } catch (const std::runtime_error& thrown) {
      EXPECT_STREQ(thrown.what(), "0");
    }
    EXPECT_EQ(pool.state().suppressed(), 3U * static_cast<unsigned>(round + 1)) << "the others are counted";
    scope.wait();  // nothing is left of it
  }
}

TEST(Scope, AfterAnExceptionTheRestIsLeftOutAndWhoRunsIsTold) {
  Pool pool = scope_pool(2);
  std::atomic<int> runs{0};
  std::atomic<bool> begun{false};
  Scope scope(pool);
  scope.spawn([&] {
    begun = true;
    psyne_test::eventually([] { return psyne::this_job::stop_requested(); });
    EXPECT_EQ(psyne::this_job::token().reason(), StopReason::error);
  });
  psyne_test::eventually([&] { return begun.load(); });
  scope.spawn([] { throw std::runtime_error("no"); });
  for (int count = 0; count < 100; ++count) scope.spawn([&] { ++runs; });
  EXPECT_THROW(scope.wait(), std::runtime_error);
  EXPECT_EQ(static_cast<std::uint64_t>(runs) + scope.skipped(), 100U);
}

TEST(Scope, AnInnerOneThatFailsDoesNothingToTheOuterOne) {
  Pool pool = scope_pool(2);
  std::atomic<int> runs{0};
  Scope outer(pool);
  for (int count = 0; count < 10; ++count) {
    outer.spawn([&] {
      Scope inner;
      inner.spawn([] { throw std::runtime_error("inner"); });
      EXPECT_THROW(inner.wait(), std::runtime_error);
      EXPECT_FALSE(psyne::this_job::stop_requested());
      ++runs;
    });
  }
  outer.wait();
  EXPECT_EQ(runs, 10);
}

TEST(Scope, AnOuterOneThatIsCancelledStopsAnInnerOne) {
  Pool pool = scope_pool(2);
  std::atomic<bool> begun{false};
  Scope outer(pool);
  outer.spawn([&] {
    Scope inner;
    inner.spawn([&] {
      begun = true;
      psyne_test::eventually([] { return psyne::this_job::token().stop_requested(); });
      EXPECT_EQ(psyne::this_job::token().reason(), StopReason::parent);
    });
    inner.wait();
  });
  ASSERT_TRUE(psyne_test::eventually([&] { return begun.load(); }));
  outer.cancel();
  outer.wait();
}

TEST(Scope, ATokenThatStopsLeavesOutWhatHasNotBegun) {
  Pool pool = scope_pool(1);
  HeldWorkers held(pool, 1);
  psyne::StopSource source;
  std::atomic<int> runs{0};
  Scope scope({.pool = &pool, .stop = source.token()});
  for (int count = 0; count < 10; ++count) scope.spawn([&] { ++runs; });
  source.request_stop();
  held.let_go();
  scope.wait();
  EXPECT_EQ(runs, 0);
  EXPECT_EQ(scope.skipped(), 10U);
}

TEST(Scope, LeftByAnExceptionItCancelsWaitsAndReports) {
  Pool pool = scope_pool(2);
  std::atomic<bool> begun{false}, told{false};
  try {
    Scope scope(pool);
    scope.spawn([&] {
      begun = true;
      told = psyne_test::eventually([] { return psyne::this_job::stop_requested(); });
      throw std::runtime_error("from the job");
    });
    psyne_test::eventually([&] { return begun.load(); });
    throw std::logic_error("from outside");
  } catch (const std::logic_error&) {
    EXPECT_TRUE(told) << "the scope has waited";
  }
  const auto report = pool.close().value();
  EXPECT_EQ(report.threw, 1U);
}

TEST(Scope, WaitsForSomeTimeAndSaysForWhat) {
  Pool pool = scope_pool(1);
  std::atomic<bool> go{false};
  Scope scope({.pool = &pool, .name = "slow"});
  scope.spawn([&] { psyne_test::eventually([&] { return go.load(); }); });
  scope.spawn([] {});
  const auto waited = scope.wait_for(20ms);
  ASSERT_FALSE(waited);
  EXPECT_EQ(waited.error().code(), psyne::Code::timed_out);
  EXPECT_NE(waited.error().text().find("slow"), std::string::npos) << waited.error().text();
  EXPECT_NE(waited.error().text().find("2 jobs"), std::string::npos) << waited.error().text();
  psyne::StopSource source;
  source.request_stop();
  EXPECT_EQ(scope.wait_for({1h, source.token()}).error().code(), psyne::Code::stopped);
  go = true;
  EXPECT_TRUE(scope.wait_for(60s));
}

TEST(Scope, AWaitInsideAJobRunsNothingUnrelatedThoughAMutexIsHeld) {
  Pool pool = scope_pool(1);
  std::mutex mutex;
  std::atomic<int> others{0};
  auto job = pool.submit([&] {
    const std::lock_guard held(mutex);
    int own = 0;
    for (int count = 0; count < 100; ++count) {
      pool.post([&] {
        const std::lock_guard wanted(mutex);
        ++others;
      });
      Scope scope;
      scope.spawn([&] { ++own; });
      scope.wait();
    }
    return own;
  });
  EXPECT_EQ(job.get(), 100);
  EXPECT_TRUE(psyne_test::eventually([&] { return others == 100; }));
}

TEST(Scope, AWaitDoesNotRunJobsOfAScopeFurtherOut) {
  Pool pool = scope_pool(1);
  std::mutex mutex;
  int inner_runs = 0, outer_runs = 0;
  Scope outer(pool);
  outer.spawn([&] {
    const std::lock_guard held(mutex);
    Scope inner;
    for (int count = 0; count < 10; ++count) {
      inner.spawn([&] { ++inner_runs; });
      outer.spawn([&] {
        const std::lock_guard wanted(mutex);  // not to be had while the wait below lasts
        ++outer_runs;
      });
    }
    inner.wait();
    EXPECT_EQ(inner_runs, 10);
    EXPECT_EQ(outer_runs, 0);
  });
  outer.wait();
  EXPECT_EQ(outer_runs, 10);
}

// The job of the inner scope is done by the thread that waits for the outer one, and has a child of its own to which
// that is unrelated: the job that waits for the inner scope must not come to do that child.
TEST(Scope, AWaitRunsNothingThatItsHelperHadPutAsideBefore) {
  Pool pool = scope_pool(2);
  std::atomic<bool> begun{false}, taken{false}, unrelated_ran{false};
  std::atomic<std::thread::id> waits{}, ran_on{};
  const auto until = [](const std::atomic<bool>& flag) {
    EXPECT_TRUE(psyne_test::eventually([&] { return flag.load(); }));
  };
  const auto inner_job = [&] {
    taken = true;
    std::this_thread::sleep_for(50ms);  // the other waits meanwhile; a spare may come for the child
  };
  const auto outer_job = [&] {
    begun = true;
    waits = std::this_thread::get_id();
    Scope inner;
    inner.spawn(inner_job);
    until(taken);
    inner.wait();
    waits = std::thread::id();
  };
  const auto left = [&] {
    Scope outer;
    outer.spawn(outer_job);
    until(begun);
    outer.wait();
  };
  const auto unrelated = [&] {
    unrelated_ran = true;
    ran_on = std::this_thread::get_id();
    EXPECT_NE(waits.load(), ran_on.load());
  };
  pool.submit([&] { psyne::par_invoke(left, unrelated); }).get();
  EXPECT_TRUE(unrelated_ran);
}

TEST(Scope, AMillionChildrenLeaveTheirParentFlat) {
  Pool pool = scope_pool(2);
  const std::size_t before = psyne::job_slabs();
  auto job = pool.submit([] {
    Scope scope;
    std::size_t most = 0;
    for (int round = 0; round < 1000; ++round) {
      for (int count = 0; count < 1000; ++count) {
        scope.spawn([] { static_cast<void>(psyne::this_job::token()); });
      }
      EXPECT_TRUE(scope.wait_for(60s));
      most = std::max(most, psyne::job_slabs());
    }
    return most;
  });
  // A thousand of them need four slabs; there are as many for each thread that makes or keeps some.
  EXPECT_LT(job.get(), before + 64);
}

TEST(Scope, SpawningIntoAClosedPoolIsAnError) {
  Pool pool = scope_pool(1);
  Scope scope(pool);
  ASSERT_TRUE(pool.close());
  try {
    scope.spawn([] {});
    FAIL() << "taken";
  } catch (const psyne::Exception& refused) {
    EXPECT_EQ(refused.error().code(), psyne::Code::closed);
  }
  scope.wait();
}

}  // namespace
