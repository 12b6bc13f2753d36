#include <psyne/core/park/parker.hpp>
#include <psyne/core/topology/cpu_list.hpp>
#include <psyne/pool/job/blocking.hpp>
#include <psyne/pool/pool/pool.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <barrier>
#include <condition_variable>
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
using psyne::Pool;
using psyne::Priority;
using psyne_test::eventually;
using psyne_test::HeldWorkers;

Pool pool_of(std::size_t workers, std::size_t max_threads = 0) {
  return Pool::open({.workers = workers, .name = "tested", .max_threads = max_threads}).value();
}

TEST(Pool, AllWorkersAreUsed) {
  for (const int workers : {1, 2, 3, 5}) {
    Pool pool = pool_of(static_cast<std::size_t>(workers));
    EXPECT_EQ(pool.workers(), static_cast<std::size_t>(workers));
    std::barrier meeting(workers);  // sleeps in the C++ library: the pool does not see it, and starts no spare
    std::atomic<int> met{0};
    for (int round = 0; round < 20; ++round) {
      for (int number = 0; number < workers; ++number) {
        pool.post([&] {
          meeting.arrive_and_wait();
          ++met;
        });
      }
      ASSERT_TRUE(eventually([&] { return met == workers * (round + 1); })) << workers << " workers, round " << round;
    }
  }
}

TEST(Pool, HasAWorkerForEachUsableCpuIfNothingIsSaid) {
  EXPECT_EQ(Pool::open().value().workers(), psyne::usable_cpus());
}

TEST(Pool, RefusesWhatCannotBeMeant) {
  const auto many = Pool::open({.workers = 5000, .name = "many"});
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().code(), Code::invalid_argument);
  EXPECT_NE(many.error().text().find("many"), std::string::npos);
  EXPECT_FALSE(Pool::open({.workers = 4, .max_threads = 3}));
}

TEST(Pool, RunsWhatManyThreadsPost) {
  Pool pool = pool_of(2);
  std::atomic<int> runs{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int count = 0; count < 20'000; ++count) {
        pool.post([&] { runs.fetch_add(1, std::memory_order_relaxed); });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(eventually([&] { return runs == 80'000; }));
}

TEST(Pool, OneWorkerRunsAThreadsJobsInTheirOrder) {
  Pool pool = pool_of(1);
  std::vector<int> order;
  for (int number = 0; number < 10'000; ++number) pool.post([&, number] { order.push_back(number); });
  ASSERT_TRUE(pool.close());
  ASSERT_EQ(order.size(), 10'000U);
  for (int number = 0; number < 10'000; ++number) ASSERT_EQ(order[static_cast<std::size_t>(number)], number);
}

// One worker: of two, one may be preempted between taking a job and noting it.
TEST(Pool, TheMoreUrgentBeginFirstWhileAllWorkersAreBusy) {
  Pool pool = pool_of(1);
  std::vector<Priority> order;
  {
    HeldWorkers held(pool, 1);
    constexpr std::array levels{Priority::background, Priority::low, Priority::normal, Priority::high,
                                Priority::urgent};
    for (int count = 0; count < 50; ++count) {
      for (const Priority level : levels) {
        pool.post([&] { order.push_back(psyne::this_job::priority()); }, {.priority = level});
      }
    }
  }
  ASSERT_TRUE(pool.close());
  ASSERT_EQ(order.size(), 250U);
  for (std::size_t place = 0; place < order.size(); ++place) {
    ASSERT_EQ(static_cast<int>(order[place]), static_cast<int>(4 - place / 50)) << place;
  }
}

TEST(Pool, AnUrgentJobOvertakesABacklogThatAWorkerHasTaken) {
  Pool pool = pool_of(1);
  std::atomic<int> before{0};
  std::atomic<int> seen{-1};
  HeldWorkers held(pool, 1);
  for (int count = 0; count < 1000; ++count) {
    pool.post([&, count] {
      ++before;
      if (count == 3) pool.post([&] { seen = before.load(); }, {.priority = Priority::urgent});
    });
  }
  held.let_go();
  ASSERT_TRUE(eventually([&] { return seen != -1; }));
  EXPECT_EQ(seen, 4);
}

TEST(Pool, AJobThatSleepsInPsyneHoldsNobodyUp) {
  Pool pool = pool_of(1);
  psyne::Parker<> parker;
  std::atomic<bool> go{false}, went_on{false};
  pool.post([&] {
    parker.wait([&] { return go.load(); });
    went_on = true;
  });
  std::atomic<bool> other{false};
  pool.post([&] { other = true; });
  EXPECT_TRUE(eventually([&] { return other.load(); })) << "the only worker sleeps";
  go = true;
  parker.wake();
  EXPECT_TRUE(eventually([&] { return went_on.load(); }));
}

TEST(Pool, AJobThatSaysThatItBlocksHoldsNobodyUp) {
  std::mutex mutex;
  std::condition_variable changed;
  int arrived = 0;
  Pool pool = pool_of(2);  // after what its jobs use, until they have returned
  constexpr int all = 20;  // that have to be there at once
  for (int number = 0; number < all; ++number) {
    pool.post([&] {
      psyne::blocking([&] {
        std::unique_lock guard(mutex);
        ++arrived;
        changed.notify_all();
        changed.wait(guard, [&] { return arrived == all; });
      });
    });
  }
  std::unique_lock guard(mutex);
  EXPECT_TRUE(changed.wait_for(guard, 60s, [&] { return arrived == all; }));
}

TEST(Pool, SparesRetire) {
  Pool pool = Pool::open({.workers = 1, .name = "spares", .retire_after = 10ms}).value();
  std::atomic<int> arrived{0};
  std::atomic<bool> go{false};
  for (int number = 0; number < 5; ++number) {
    pool.post([&] {
      psyne::blocking([&] {
        ++arrived;
        eventually([&] { return go.load(); });
      });
    });
  }
  ASSERT_TRUE(eventually([&] { return arrived == 5; }));
  const auto threads = [&] {
    const auto state = pool.state().scheduler().crew().snapshot();
    return state.active + state.idle + state.blocked;
  };
  EXPECT_GE(threads(), 5U);
  go = true;
  EXPECT_TRUE(eventually([&] { return threads() == 1; }));
  pool.submit([] {}).get();
}

TEST(Pool, AtMaxThreadsJobsWaitAndNoneIsLost) {
  Pool pool = pool_of(1, 2);
  std::atomic<bool> go{false};
  std::atomic<int> blocked{0}, runs{0};
  for (int number = 0; number < 2; ++number) {
    pool.post([&] {
      psyne::blocking([&] {
        ++blocked;
        eventually([&] { return go.load(); });
      });
    });
  }
  ASSERT_TRUE(eventually([&] { return blocked == 2; }));
  for (int number = 0; number < 10; ++number) pool.post([&] { ++runs; });
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(runs, 0) << "both threads that there may be are blocked";
  go = true;
  EXPECT_TRUE(eventually([&] { return runs == 10; }));
}

TEST(Pool, IdleItMakesNoWake) {
  Pool pool = pool_of(2);
  pool.submit([] {}).get();
  ASSERT_TRUE(eventually([&] { return pool.state().scheduler().crew().snapshot().idle == 2; }));
  const auto turns = [&] { return pool.state().scheduler().crew().snapshot(); };
  for (int look = 0; look < 200; ++look) {
    std::this_thread::sleep_for(1ms);
    ASSERT_EQ(turns().idle, 2U) << "somebody woke";
  }
}

TEST(Pool, AnExceptionThatNobodyWaitsForIsCounted) {
  Pool pool = pool_of(1);
  pool.post([] { throw std::runtime_error("unseen"); });
  std::atomic<bool> ran{false};
  pool.post([&] { ran = true; });
  EXPECT_TRUE(eventually([&] { return ran.load(); })) << "the worker goes on";
  EXPECT_EQ(pool.close().value().threw, 1U);
}

TEST(Pool, ExecutorsRunCoroutinesAndKeepTheirPriority) {
  Pool pool = pool_of(1);
  struct Ask : psyne::Work {
    Ask()
        : Work([](Work& self) noexcept {
            auto& own = static_cast<Ask&>(self);
            own.seen = static_cast<int>(psyne::this_job::priority());
          }) {}
    std::atomic<int> seen{-1};
  } ask;
  pool.executor(Priority::low).post(ask);
  EXPECT_TRUE(eventually([&] { return ask.seen == static_cast<int>(Priority::low); }));
}

}  // namespace
