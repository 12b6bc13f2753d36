#include <psyne/pool/job/scope.hpp>
#include <psyne/pool/pool/pool.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <eventually.hpp>
#include <pool/held_workers.hpp>

namespace {

using namespace std::chrono_literals;
using psyne::Closing;
using psyne::Code;
using psyne::Job;
using psyne::JobStatus;
using psyne::Pool;
using psyne::StopReason;
using psyne_test::eventually;
using psyne_test::HeldWorkers;

Pool closing_pool(std::size_t workers) { return Pool::open({.workers = workers, .name = "closing"}).value(); }

TEST(Close, DrainsWhatWasTaken) {
  std::atomic<int> runs{0};
  Pool pool = closing_pool(2);
  for (int count = 0; count < 10'000; ++count) pool.post([&] { ++runs; });
  const auto report = pool.close().value();
  EXPECT_EQ(runs, 10'000);
  EXPECT_TRUE(report.complete);
  EXPECT_EQ(report.dropped, 0U);
  EXPECT_EQ(report.text(), "everything has been done");
  EXPECT_TRUE(pool.close().value().complete) << "a second time";
}

TEST(Close, RefusesFromOutsideAndTakesFromJobsThatRun) {
  Pool pool = closing_pool(1);
  std::atomic<bool> closing{false}, begun{false}, child{false}, grandchild{false};
  pool.post([&] {
    begun = true;
    eventually([&] { return closing.load(); });
    pool.post([&] {
      child = true;
      pool.submit([&] { grandchild = true; }).get();
    });
  });
  ASSERT_TRUE(eventually([&] { return begun.load(); }));
  std::thread closer([&] { EXPECT_TRUE(pool.close()); });
  ASSERT_TRUE(eventually([&] { return pool.state().scheduler().closed(); }));
  auto late = pool.submit([] {});
  EXPECT_EQ(late.take().error().code(), Code::closed);
  EXPECT_THROW(pool.post([] {}), psyne::Exception);
  closing = true;
  closer.join();
  EXPECT_TRUE(child);
  EXPECT_TRUE(grandchild);
}

TEST(Close, ByCancellingDropsWhatHasNotBegunAndNamesIt) {
  Pool pool = closing_pool(1);
  std::optional<HeldWorkers> held(std::in_place, pool, 1);
  auto watched = std::make_shared<int>(0);
  auto named = pool.submit([watched] { ++*watched; }, {.name = "save"});
  auto nameless = pool.submit([watched] { ++*watched; });
  pool.post([watched] { ++*watched; });
  std::thread closer([&] {
    const auto report = pool.close({.how = Closing::cancel}).value();
    EXPECT_TRUE(report.complete);
    EXPECT_EQ(report.dropped, 3U);
    EXPECT_EQ(report.dropped_names, std::vector<std::string>{"save"});
    EXPECT_EQ(report.text(), "3 jobs were dropped (save)");
  });
  ASSERT_TRUE(eventually([&] { return pool.state().dropping(); }));
  held.reset();
  closer.join();
  EXPECT_EQ(*watched, 0);
  EXPECT_EQ(watched.use_count(), 1);
  EXPECT_EQ(named.status(), JobStatus::cancelled);
  EXPECT_EQ(named.stop_reason(), StopReason::shutdown);
  EXPECT_EQ(nameless.take().error().code(), Code::stopped);
}

TEST(Close, ByCancellingTellsWhoRuns) {
  Pool pool = closing_pool(1);
  std::atomic<bool> begun{false};
  auto job = pool.submit([&](psyne::StopToken stop) {
    begun = true;
    eventually([&] { return stop.stop_requested(); });
    return stop.reason();
  });
  ASSERT_TRUE(eventually([&] { return begun.load(); }));
  ASSERT_TRUE(pool.close({.how = Closing::cancel}));
  EXPECT_EQ(job.get(), StopReason::shutdown);
}

TEST(Close, ItsDeadlineEndsTheWaitAndTheReportNamesWhatRuns) {
  Pool pool = closing_pool(1);
  std::atomic<bool> go{false}, done{false};
  auto job = pool.submit(
      [&] {
        eventually([&] { return go.load(); });
        done = true;
      },
      {.name = "report"});
  ASSERT_TRUE(eventually([&] { return job.status() == JobStatus::running; }));
  const auto report = pool.close({.wait = 20ms}).value();
  EXPECT_FALSE(report.complete);
  EXPECT_EQ(report.running, std::vector<std::string>{"report"});
  EXPECT_EQ(report.text(), "1 job still runs (report)");
  EXPECT_FALSE(done);
  go = true;
  EXPECT_TRUE(pool.close().value().complete);
  EXPECT_TRUE(done) << "nobody has ended its thread";
}

TEST(Close, FromAJobOfThePoolIsAnError) {
  Pool pool = closing_pool(1);
  auto job = pool.submit([&] { return pool.close().error().code() == Code::invalid_state; });
  EXPECT_TRUE(job.get());
  EXPECT_TRUE(pool.submit([] {}).take()) << "nothing was closed";
}

TEST(Close, WithWorkStillArriving) {
  for (const Closing how : {Closing::drain, Closing::cancel}) {
    for (int round = 0; round < 50; ++round) {
      Pool pool = closing_pool(2);
      std::atomic<std::uint64_t> taken{0}, runs{0}, destroyed{0};
      struct Counted {
        explicit Counted(std::atomic<std::uint64_t>& counter) : count(&counter) {}
        Counted(Counted&& other) noexcept : count(std::exchange(other.count, nullptr)) {}
        Counted(const Counted&) = delete;
        ~Counted() {
          if (count != nullptr) ++*count;
        }
        std::atomic<std::uint64_t>* count;
      };
      std::vector<std::thread> threads;
      for (int thread = 0; thread < 2; ++thread) {
        threads.emplace_back([&] {
          try {
            for (;;) {
              pool.post([&runs, counted = Counted(destroyed)] { ++runs; });
              ++taken;
            }
          } catch (const psyne::Exception& refused) {
            EXPECT_EQ(refused.error().code(), Code::closed);
          }
        });
      }
      ASSERT_TRUE(eventually([&] { return taken > 100; }));
      const auto report = pool.close({.how = how}).value();
      for (std::thread& thread : threads) thread.join();
      EXPECT_EQ(runs + report.dropped, taken) << "each ran or was dropped and counted";
      EXPECT_EQ(destroyed, taken + 2) << "the two that were refused too";
      if (how == Closing::drain) {
        EXPECT_EQ(report.dropped, 0U);
      }
    }
  }
}

TEST(Close, APoolThatGoesIsDrained) {
  std::atomic<int> runs{0};
  {
    Pool pool = closing_pool(2);
    for (int count = 0; count < 1'000; ++count) pool.post([&] { ++runs; });
  }
  EXPECT_EQ(runs, 1'000);
}

TEST(Close, HandlesOutliveThePool) {
  Job<int> job;
  {
    Pool pool = closing_pool(1);
    job = pool.submit([] { return 8; }, {.name = "outlives"});
  }
  EXPECT_EQ(job.get(), 8);
  EXPECT_FALSE(job.cancel());
  EXPECT_EQ(job.name(), "outlives");
  EXPECT_EQ(job.status(), JobStatus::completed);
}

TEST(Close, AMovedPoolIsTheSame) {
  Pool pool = closing_pool(1);
  auto job = pool.submit([] { return 1; });
  Pool moved = std::move(pool);
  EXPECT_EQ(job.get() + moved.submit([] { return 2; }).get(), 3);
  moved = closing_pool(2);
  EXPECT_EQ(moved.workers(), 2U);
}

}  // namespace
