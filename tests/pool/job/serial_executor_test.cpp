#include <psyne/core/task/start.hpp>
#include <psyne/core/task/task.hpp>
#include <psyne/core/task/this_task.hpp>
#include <psyne/pool/job/serial_executor.hpp>
#include <psyne/pool/pool/pool.hpp>

#include <gtest/gtest.h>

#include <deque>
#include <thread>
#include <vector>

#include <eventually.hpp>

namespace {

using psyne::Pool;
using psyne::SerialExecutor;
using psyne::Work;

struct Step : Work {
  Step(std::vector<int>& list, int value)
      : Work([](Work& self) noexcept {
          auto& own = static_cast<Step&>(self);
          own.done.push_back(own.number);  // unguarded: the executor orders them
        }),
        done(list),
        number(value) {}
  std::vector<int>& done;
  const int number;
};

TEST(SerialExecutor, RunsInOrderOneAtATime) {
  Pool pool = Pool::open({.workers = 4}).value();
  std::vector<int> done;
  std::deque<Step> steps;
  {
    SerialExecutor serial(pool.executor());
    for (int number = 0; number < 10'000; ++number) serial.post(steps.emplace_back(done, number));
  }
  ASSERT_EQ(done.size(), 10'000U) << "the destructor has waited";
  for (int number = 0; number < 10'000; ++number) ASSERT_EQ(done[static_cast<std::size_t>(number)], number);
}

TEST(SerialExecutor, TakesFromManyThreadsEachInItsOrder) {
  Pool pool = Pool::open({.workers = 2}).value();
  std::vector<int> done;
  std::array<std::deque<Step>, 3> steps;
  {
    SerialExecutor serial(pool.executor());
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 3; ++thread) {
      threads.emplace_back([&, thread] {
        auto& own = steps[static_cast<std::size_t>(thread)];
        for (int count = 0; count < 5'000; ++count) serial.post(own.emplace_back(done, thread * 10'000 + count));
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  ASSERT_EQ(done.size(), 15'000U);
  std::array<int, 3> next{};
  for (const int number : done) ASSERT_EQ(number % 10'000, next[static_cast<std::size_t>(number / 10'000)]++);
}

TEST(SerialExecutor, HoldsNoThreadAndMakesRoomForOthers) {
  struct Endless : Work {
    Endless()
        : Work([](Work& self) noexcept {
            auto& endless = static_cast<Endless&>(self);
            ++endless.runs;
            if (!endless.enough) endless.executor->post(endless);
          }) {}
    SerialExecutor* executor = nullptr;
    std::atomic<int> runs{0};
    std::atomic<bool> enough{false};
  };
  struct Once : Work {
    Once() : Work([](Work& self) noexcept { static_cast<Once&>(self).ran = true; }) {}
    std::atomic<bool> ran{false};
  };
  Endless endless;  // it and `once` outlive the executors, which may be at them until they are gone
  Once once;
  Pool pool = Pool::open({.workers = 1}).value();
  SerialExecutor one(pool.executor()), other(pool.executor());
  endless.executor = &one;
  one.post(endless);
  ASSERT_TRUE(psyne_test::eventually([&] { return endless.runs > 1000; }));
  other.post(once);
  EXPECT_TRUE(psyne_test::eventually([&] { return once.ran.load(); }))
      << "the only worker never leaves the other executor";
  endless.enough = true;
}

TEST(SerialExecutor, CoroutinesGoOnThere) {
  Pool pool = Pool::open({.workers = 2}).value();
  int count = 0;  // unguarded
  {
    SerialExecutor serial(pool.executor());
    const auto add = [&]() -> psyne::Task<> {
      for (int turn = 0; turn < 1000; ++turn) {
        co_await psyne::resume_on(serial);
        ++count;
        co_await psyne::resume_on(pool.executor());
      }
    };
    auto one = psyne::start(pool.executor(), add()), other = psyne::start(pool.executor(), add());
    one.get();
    other.get();
  }
  EXPECT_EQ(count, 2000);
}

}  // namespace
