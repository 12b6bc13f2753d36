#include <psyne/core/stop/stop_source.hpp>
#include <psyne/pool/algorithm/par_invoke.hpp>
#include <psyne/pool/pool/pool.hpp>

#include "../../eventually.hpp"
#include "widths.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

using psyne::par_invoke;
using psyne::Pool;
using psyne_test::at_all_widths;
using psyne_test::eventually;

std::uint64_t fibonacci(std::uint64_t n) {
  if (n < 2) return n;
  std::uint64_t left = 0, right = 0;
  par_invoke([&] { left = fibonacci(n - 1); }, [&] { right = fibonacci(n - 2); });
  return left + right;
}

TEST(ParInvoke, RunsEachOnce) {
  EXPECT_EQ(fibonacci(20), 6765U);  // by the default pool
  at_all_widths([](Pool& pool) {
    if (pool.state().inside()) {
      EXPECT_EQ(fibonacci(20), 6765U);
    }
    std::atomic<int> runs[4] = {};
    par_invoke([&] { ++runs[0]; }, [&] { ++runs[1]; }, [&] { ++runs[2]; }, [&] { ++runs[3]; });
    for (const auto& run : runs) EXPECT_EQ(run, 1);
  });
}

TEST(ParInvoke, HasRunAllWhenItReturns) {
  auto pool = Pool::open({.workers = 2}).value();
  pool.submit([] {
        for (int round = 0; round < 2000; ++round) {
          int left = 0, right = 0;
          par_invoke([&] { left = round; }, [&] { right = round; });
          ASSERT_EQ(left, round);
          ASSERT_EQ(right, round);
        }
      })
      .get();
}

TEST(ParInvoke, RunsBothAtOnceWhereThereAreThreads) {
  auto pool = Pool::open({.workers = 2}).value();
  std::atomic<int> there{0};
  const auto meet = [&] {
    ++there;
    EXPECT_TRUE(eventually([&] { return there == 2; }));
  };
  pool.submit([&] { par_invoke(meet, meet); }).get();
}

TEST(ParInvoke, ThrowsTheLeftmostExceptionAndCountsTheOther) {
  auto pool = Pool::open({.workers = 2}).value();
  const auto before = pool.state().suppressed();
  std::atomic<int> there{0};
  const auto meet_and_throw = [&](const char* what) {
    ++there;
    EXPECT_TRUE(eventually([&] { return there == 2; }));
    throw std::runtime_error(what);
  };
  const std::string thrown = pool.submit([&]() -> std::string {
                                   try {
                                     par_invoke([&] { meet_and_throw("left"); }, [&] { meet_and_throw("right"); });
                                   } catch (const std::runtime_error& error) {
                                     return error.what();
                                   }
                                   return "nothing";
                                 })
                                 .get();
  EXPECT_EQ(thrown, "left");
  EXPECT_EQ(pool.state().suppressed(), before + 1);
}

TEST(ParInvoke, ThrowsWhatOnlyTheRightOneThrew) {
  at_all_widths([](Pool&) {
    for (int round = 0; round < 200; ++round) {
      bool left = false;
      EXPECT_THROW(par_invoke([&] { left = true; }, [] { throw std::logic_error("right"); }), std::logic_error);
      EXPECT_TRUE(left);
    }
  });
}

TEST(ParInvoke, DoesNotBeginTheRightOneAfterTheLeftOneThrew) {
  auto pool = Pool::open({.workers = 1}).value();  // nobody else could have begun it
  bool right = false;
  EXPECT_THROW(pool.submit([&] { par_invoke([] { throw std::logic_error("left"); }, [&] { right = true; }); }).get(),
               std::logic_error);
  EXPECT_FALSE(right);
}

// The thread sanitizer has room for 64 Ki calls of a thread, whatever its stack has.
#if defined(__SANITIZE_THREAD__)
constexpr int deep = 2'000;
#else
constexpr int deep = 100'000;
#endif

int depth_reached(int depth) {
  if (depth == 0) return 0;
  int below = 0;
  std::atomic<int> beside{0};
  par_invoke([&] { below = depth_reached(depth - 1); }, [&] { beside = 1; });
  return below + beside;
}

TEST(ParInvoke, NestsDeeperThanAStack) {
  constexpr int depth = deep;
  for (const std::size_t width : {std::size_t{1}, std::size_t{2}}) {
    auto pool = Pool::open({.workers = width}).value();
    EXPECT_EQ(pool.submit([] { return depth_reached(depth); }).get(), depth);
  }
  EXPECT_EQ(depth_reached(depth), depth);  // from outside of any pool
}

TEST(ParInvoke, NestsDeeperThanAStackOnTheRightToo) {
  struct Nest {
    static void right(int depth, std::atomic<int>& ends) {
      if (depth == 0) return static_cast<void>(++ends);
      par_invoke([] {}, [&] { right(depth - 1, ends); });
    }
  };
  auto pool = Pool::open({.workers = 2}).value();
  std::atomic<int> ends{0};
  pool.submit([&] { Nest::right(deep, ends); }).get();
  EXPECT_EQ(ends, 1);
}

TEST(ParInvoke, SaysSoWhenNoStackIsLeftAndNoThreadCanBeHad) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizer's own stack is used up first";
#endif
  auto pool = Pool::open({.workers = 1, .max_threads = 2}).value();
  try {
    pool.submit([] { return depth_reached(1'000'000); }).get();
    FAIL() << "a million frames fit into two stacks";
  } catch (const psyne::Exception& exception) {
    EXPECT_EQ(exception.error().code(), psyne::Code::exhausted) << exception.what();
  }
  EXPECT_EQ(pool.submit([] { return depth_reached(1000); }).get(), 1000);  // nothing is lost
}

TEST(ParInvoke, RunsNothingUnrelatedWhileItWaits) {
  auto pool = Pool::open({.workers = 2}).value();
  std::mutex mutex;
  std::atomic<int> done{0};
  constexpr int jobs = 200;
  for (int job = 0; job < jobs; ++job) {
    pool.post([&] {
      const std::lock_guard guard(mutex);  // a job that was run inside another's wait would meet its own lock
      EXPECT_EQ(fibonacci(12), 144U);
      ++done;
    });
  }
  EXPECT_TRUE(eventually([&] { return done == jobs; }));
}

TEST(ParInvoke, BelongsToTheJobThatCallsIt) {
  auto pool = Pool::open({.workers = 2}).value();
  std::atomic<int> there{0};
  const auto check = [&] {
    EXPECT_EQ(psyne::this_job::name(), "parent");
    EXPECT_EQ(psyne::this_job::priority(), psyne::Priority::high);
    ++there;
    EXPECT_TRUE(eventually([&] { return there == 2; }));
  };
  pool.submit([&] { par_invoke(check, check); }, {.name = "parent", .priority = psyne::Priority::high}).get();
}

TEST(ParInvokeBy, TheThreadsOfThePoolThatIsNamed) {
  auto pool = Pool::open({.workers = 3, .name = "named"}).value();
  std::atomic<int> there{0};
  const auto meet = [&] {
    EXPECT_EQ(&pool.state(), psyne::current_worker.pool);
    ++there;
    EXPECT_TRUE(eventually([&] { return there == 3; }));
  };
  par_invoke({.pool = &pool}, meet, meet, meet);
  EXPECT_EQ(there, 3);
  EXPECT_EQ(psyne::current_worker.pool, nullptr);
}

TEST(ParInvokeBy, OneThreadInOrder) {
  auto pool = Pool::open({.workers = 3}).value();
  std::string order;
  const auto self = std::this_thread::get_id();
  const auto add = [&](char letter) {
    return [&order, letter, self] {
      EXPECT_EQ(std::this_thread::get_id(), self);
      order += letter;
    };
  };
  par_invoke({.pool = &pool, .max_workers = 1}, add('a'), add('b'), add('c'), add('d'), add('e'));
  EXPECT_EQ(order, "abcde");
  par_invoke({.max_workers = 1}, add('f'));
  EXPECT_EQ(order, "abcdef");
}

TEST(ParInvokeBy, AStopLeavesOutWhatHasNotBegun) {
  psyne::StopSource stop;
  int runs = 0;
  const auto call = [&] {
    par_invoke(
        {.max_workers = 1, .stop = stop.token()}, [&] { ++runs; },
        [&] {
          ++runs;
          stop.request_stop();
        },
        [&] { ++runs; });
  };
  try {
    call();
    FAIL() << "it was stopped";
  } catch (const psyne::Exception& stopped) {
    EXPECT_EQ(stopped.error().code(), psyne::Code::stopped);
    EXPECT_NE(stopped.error().text().find("par_invoke"), std::string::npos) << stopped.error().text();
  }
  EXPECT_EQ(runs, 2);
  EXPECT_THROW(call(), psyne::Exception);
  EXPECT_EQ(runs, 2) << "stopped before";
}

TEST(ParInvokeBy, ThrowsWhatTheLeftmostThrew) {
  auto pool = Pool::open({.workers = 3}).value();
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> there{0};
    const auto throws = [&](int number) {
      return [&there, number] {
        ++there;
        EXPECT_TRUE(eventually([&] { return there == 3; }));
        throw number;
      };
    };
    try {
      par_invoke({.pool = &pool}, throws(1), throws(2), throws(3));
      FAIL() << "all threw";
    } catch (const int number) {
      EXPECT_EQ(number, 1);
    }
  }
}

TEST(ParInvokeBy, TellsHowManyAreDone) {
  std::size_t last = 0;
  par_invoke(
      {.max_workers = 1,
       .progress =
           [&](std::size_t done, std::size_t total) {
             EXPECT_EQ(total, 2U);
             last = done;
           }},
      [] {}, [] {});
  EXPECT_EQ(last, 2U);
}

}  // namespace
