#include <psyne/core/completion/completer.hpp>
#include <psyne/core/completion/wait_many.hpp>
#include <psyne/core/stop/stop_source.hpp>
#include <psyne/pool/pool/pool.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <eventually.hpp>
#include <pool/held_workers.hpp>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne::Error;
using psyne::Job;
using psyne::JobStatus;
using psyne::Pool;
using psyne::Priority;
using psyne::Result;
using psyne::StopReason;
using psyne::StopSource;
using psyne::StopToken;
using psyne_test::HeldWorkers;

Pool open_pool(std::size_t workers) { return Pool::open({.workers = workers, .name = "jobs"}).value(); }

TEST(Job, GivesWhatItsCallableReturns) {
  Pool pool = open_pool(2);
  EXPECT_EQ(pool.submit([] { return 42; }).get(), 42);
  EXPECT_EQ(pool.submit([] { return std::string("text"); }).get(), "text");
  bool ran = false;
  pool.submit([&] { ran = true; }).get();
  EXPECT_TRUE(ran);
  auto moved = pool.submit([] { return std::make_unique<int>(7); }).get();
  EXPECT_EQ(*moved, 7);
}

TEST(Job, TakesCallablesThatOnlyMove) {
  Pool pool = open_pool(1);
  auto held = std::make_unique<int>(5);
  EXPECT_EQ(pool.submit([held = std::move(held)] { return *held; }).get(), 5);
}

TEST(Job, RethrowsWhatItsCallableThrew) {
  Pool pool = open_pool(1);
  auto job = pool.submit([]() -> int { throw std::out_of_range("nine"); }, {.name = "load"});
  EXPECT_THROW(job.get(), std::out_of_range);
  EXPECT_EQ(job.status(), JobStatus::failed);
  const auto taken = job.take();
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code(), Code::thrown);
  EXPECT_NE(taken.error().text().find("nine"), std::string::npos) << taken.error().text();
  EXPECT_NE(taken.error().text().find("load"), std::string::npos) << taken.error().text();
}

TEST(Job, AReturnedResultIsTheJobs) {
  Pool pool = open_pool(1);
  auto good = pool.submit([]() -> Result<int> { return 3; });
  EXPECT_EQ(good.get(), 3);
  auto bad = pool.submit([]() -> Result<int> { return Error(Code::not_found, "cannot find it"); });
  EXPECT_EQ(bad.take().error().code(), Code::not_found);
  EXPECT_EQ(bad.status(), JobStatus::failed);
}

TEST(Job, SaysHowFarItIs) {
  Pool pool = open_pool(1);
  HeldWorkers held(pool, 1);
  std::atomic<bool> go{false};
  auto job = pool.submit([&] { psyne_test::eventually([&] { return go.load(); }); }, {.timings = true});
  EXPECT_EQ(job.status(), JobStatus::pending);
  EXPECT_EQ(job.timings().began, psyne::Deadline());
  held.let_go();
  EXPECT_TRUE(psyne_test::eventually([&] { return job.status() == JobStatus::running; }));
  go = true;
  job.get();
  EXPECT_EQ(job.status(), JobStatus::completed);
  const auto times = job.timings();
  EXPECT_LE(times.submitted, times.began);
  EXPECT_LE(times.began, times.ended);
  EXPECT_NE(times.submitted, psyne::Deadline());
}

TEST(Job, CancelledBeforeItBeginsItsCallableIsDestroyedAtOnce) {
  Pool pool = open_pool(1);
  HeldWorkers held(pool, 1);
  auto watched = std::make_shared<int>(0);
  auto job = pool.submit([watched] { ++*watched; }, {.name = "late"});
  EXPECT_TRUE(job.cancel(StopReason::user, "not wanted"));
  EXPECT_TRUE(job.test());
  EXPECT_EQ(job.status(), JobStatus::cancelled);
  EXPECT_EQ(job.stop_reason(), StopReason::user);
  EXPECT_EQ(watched.use_count(), 1) << "while the only worker is still busy";
  const auto taken = job.take();
  EXPECT_EQ(taken.error().code(), Code::stopped);
  EXPECT_NE(taken.error().text().find("not wanted"), std::string::npos) << taken.error().text();
  EXPECT_FALSE(job.cancel()) << "it has ended";
  held.let_go();
  pool.submit([] {}).get();
  EXPECT_EQ(*watched, 0);
}

TEST(Job, ARunningOneIsToldByItsToken) {
  Pool pool = open_pool(1);
  std::atomic<bool> began{false};
  auto by_argument = pool.submit([&](StopToken stop) {
    began = true;
    psyne_test::eventually([&] { return stop.stop_requested(); });
    return stop.reason();
  });
  ASSERT_TRUE(psyne_test::eventually([&] { return began.load(); }));
  by_argument.cancel(StopReason::user);
  EXPECT_EQ(by_argument.get(), StopReason::user);
  EXPECT_EQ(by_argument.status(), JobStatus::completed) << "it ended by itself";

  began = false;
  auto by_thread = pool.submit([&] {
    began = true;
    psyne_test::eventually([] { return psyne::this_job::stop_requested(); });
    return psyne::this_job::token().reason();
  });
  ASSERT_TRUE(psyne_test::eventually([&] { return began.load(); }));
  by_thread.cancel(StopReason::error);
  EXPECT_EQ(by_thread.get(), StopReason::error);
}

TEST(Job, ItsDeadlineCountsFromTheSubmission) {
  Pool pool = open_pool(1);
  HeldWorkers held(pool, 1);
  auto waiting = pool.submit([] { return 1; }, {.name = "slow", .deadline = 20ms});
  EXPECT_EQ(waiting.take().error().code(), Code::timed_out) << "the worker is busy all the time";
  EXPECT_EQ(waiting.status(), JobStatus::cancelled);
  EXPECT_EQ(waiting.stop_reason(), StopReason::deadline);
  held.let_go();

  auto running = pool.submit(
      [](StopToken stop) {
        psyne_test::eventually([&] { return stop.stop_requested(); });
        return stop.reason();
      },
      {.deadline = 1s});  // time enough to begin
  EXPECT_EQ(running.get(), StopReason::deadline);
}

// However soon after it saw so it ended: the thread that calls back says the same some time later.
TEST(Job, ThatSawItsLimitsSaysWhyItWasToEnd) {
  Pool pool = open_pool(1);
  for (int round = 0; round < 200; ++round) {
    const auto look = [] { psyne_test::eventually([] { return psyne::this_job::stop_requested(); }); };
    auto late = pool.submit(look, {.deadline = 1ms});
    static_cast<void>(late.take());
    ASSERT_EQ(late.stop_reason(), StopReason::deadline);

    StopSource source;
    std::atomic<bool> began{false};
    auto child = pool.submit([&] { began = true, look(); }, {.stop = source.token()});
    ASSERT_TRUE(psyne_test::eventually([&] { return began.load(); }));
    source.request_stop(StopReason::user);
    child.get();
    ASSERT_EQ(child.stop_reason(), StopReason::parent);
  }
}

TEST(Job, ThatRunsWhileItsPoolClosesSaysSo) {
  Pool pool = open_pool(1);
  std::atomic<bool> began{false};
  auto job = pool.submit([&] {
    began = true;
    psyne_test::eventually([] { return psyne::this_job::stop_requested(); });
  });
  ASSERT_TRUE(psyne_test::eventually([&] { return began.load(); }));
  EXPECT_EQ(job.stop_reason(), std::nullopt);
  ASSERT_TRUE(pool.close({.how = psyne::Closing::cancel}));
  EXPECT_EQ(job.status(), JobStatus::completed);
  EXPECT_EQ(job.stop_reason(), StopReason::shutdown);
}

TEST(Job, AStoppedTokenCancelsItWithReasonParent) {
  Pool pool = open_pool(1);
  HeldWorkers held(pool, 1);
  StopSource source;
  auto job = pool.submit([] { return 1; }, {.stop = source.token()});
  source.request_stop(StopReason::user, "enough");
  EXPECT_EQ(job.take().error().code(), Code::stopped);
  EXPECT_EQ(job.stop_reason(), StopReason::parent);
  auto late = pool.submit([] { return 1; }, {.stop = source.token()});
  EXPECT_FALSE(late.take()) << "stopped before it was submitted";
}

TEST(Job, KnowsItself) {
  Pool pool = open_pool(1);
  auto job = pool.submit(
      [&] {
        EXPECT_TRUE(psyne::this_job::running());
        EXPECT_EQ(psyne::this_job::name(), "own");
        EXPECT_EQ(psyne::this_job::priority(), Priority::high);
        return pool.submit([] { return psyne::this_job::priority(); });
      },
      {.name = "own", .priority = Priority::high});
  EXPECT_EQ(job.get().get(), Priority::high) << "inherited";
  EXPECT_EQ(job.name(), "own");
  EXPECT_FALSE(psyne::this_job::running());
  EXPECT_EQ(psyne::this_job::priority(), Priority::normal);
  EXPECT_FALSE(psyne::this_job::token().stop_possible());
}

TEST(Job, AWaitInsideAJobRunsAPendingOneThere) {
  Pool pool = open_pool(1);
  auto outer = pool.submit([&] {
    auto inner = pool.submit([] { return std::this_thread::get_id(); });
    return inner.get() == std::this_thread::get_id();
  });
  EXPECT_TRUE(outer.get());
}

TEST(Job, AWaitInsideAJobRunsNothingElse) {
  Pool pool = open_pool(1);
  std::mutex mutex;
  std::atomic<int> others{0};
  auto outer = pool.submit([&] {
    const std::lock_guard held(mutex);
    for (int count = 0; count < 10; ++count) {
      pool.post([&] {
        const std::lock_guard wanted(mutex);
        ++others;
      });
    }
    auto inner = pool.submit([] { return 1; });
    return inner.get() + others.load();
  });
  EXPECT_EQ(outer.get(), 1) << "a job that wants the mutex would never have got it";
  EXPECT_TRUE(psyne_test::eventually([&] { return others == 10; }));
}

TEST(Job, AWaitForOneThatRunsElsewhereGivesItsPlaceAway) {
  Pool pool = open_pool(1);
  auto outer = pool.submit([&] {
    const auto completer = std::make_shared<psyne::Completer<int>>();  // may not go while it completes
    pool.post([completer] { completer->complete(9); });
    return completer->completion().get();
  });
  EXPECT_EQ(outer.get(), 9) << "the only worker waits, a spare has to run what it waits for";
}

TEST(Job, WaitsForManyOfAnyKind) {
  Pool pool = open_pool(2);
  auto one = pool.submit([] { return 1; });
  auto other = pool.submit([] { return std::string("two"); });
  psyne::Completer<double> third;
  third.complete(3.0);
  EXPECT_TRUE(psyne::wait_all({one, other, third.completion()}, 10s));
  std::vector<Job<int>> jobs;
  for (int number = 0; number < 100; ++number) jobs.push_back(pool.submit([number] { return number; }));
  int sum = 0;
  for (const std::size_t number : psyne::as_completed(jobs)) sum += jobs[number].get();
  EXPECT_EQ(sum, 4950);
}

TEST(Job, DroppedItRunsAllTheSame) {
  Pool pool = open_pool(1);
  std::atomic<int> runs{0};
  for (int count = 0; count < 100; ++count) static_cast<void>(pool.submit([&] { ++runs; }));
  EXPECT_TRUE(psyne_test::eventually([&] { return runs == 100; }));
}

}  // namespace
