#include <psyne.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

// The programs of the worker pool that users are shown.

namespace {

using namespace std::chrono_literals;

TEST(PoolApi, AlgorithmsOnTheDefaultPool) {
  std::vector<double> values(1000);
  std::iota(values.begin(), values.end(), 0.0);
  const auto square = [](double value) { return value * value; };

  auto squares = psyne::par_map(values, square);
  auto total = psyne::par_reduce(values, 0.0, std::plus{});
  bool left = false, right = false;
  psyne::par_invoke([&] { left = true; }, [&] { right = true; });
  int done = 0;
  const auto work = [&] { ++done; };
  psyne::Scope scope;
  scope.spawn(work);
  scope.wait();

  EXPECT_EQ(squares[31], 961.0);
  EXPECT_EQ(total, 499'500.0);
  EXPECT_TRUE(left && right);
  EXPECT_EQ(done, 1);
}

TEST(PoolApi, JobsOfAPool) {
  const auto load = [] { return std::string("data"); };
  std::atomic<int> posted{0};
  const auto work = [&] { ++posted; };

  auto pool = psyne::Pool::open({.workers = 4, .name = "io"}).value();
  auto job = pool.submit(load, {.name = "load", .priority = psyne::Priority::high, .deadline = 2s});
  auto data = job.get();
  pool.post(work);

  EXPECT_EQ(data, "data");
  EXPECT_TRUE(job.wait(30s));
  EXPECT_FALSE(job.cancel()) << "it has ended";
  EXPECT_EQ(pool.close().value().text(), "everything has been done");
  EXPECT_EQ(posted, 1);
}

TEST(PoolApi, AJobIsAwaitedAsEveryCompletionIs) {
  auto pool = psyne::Pool::open({.workers = 2}).value();
  const auto sum = [&]() -> psyne::Task<int> {
    auto one = pool.submit([] { return 1; });
    auto other = pool.submit([] { return 2; });
    co_return (co_await one).value() + (co_await other).value();
  };
  EXPECT_EQ(psyne::start(pool.executor(), sum()).get(), 3);
  psyne::ManualExecutor own;
  int seen = 0;
  pool.submit([] { return 7; }).on_complete([&](auto job) { seen = job.take().value(); }, own);
  own.run_until([&] { return seen != 0; }, psyne::Clock::now() + 60s);
  EXPECT_EQ(seen, 7);
}

}  // namespace
