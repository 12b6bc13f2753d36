#include <psyne/core/stop/stop_source.hpp>
#include <psyne/pool/algorithm/par_for_each.hpp>
#include <psyne/pool/pool/pool.hpp>

#include "../../eventually.hpp"
#include "../../seeds.hpp"
#include "widths.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <random>
#include <ranges>
#include <set>
#include <span>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::par_for_each;
using psyne::Pool;
using psyne_test::at_all_widths;
using psyne_test::eventually;

auto numbers(std::size_t count) { return std::views::iota(std::size_t{0}, count); }

TEST(ParForEach, VisitsEachOnce) {
  at_all_widths([](Pool& pool) {
    for (const std::size_t count : psyne_test::counts) {
      for (const std::size_t grain : {std::size_t{0}, std::size_t{1}, std::size_t{7}, std::size_t{5000}}) {
        std::vector<std::atomic<int>> visits(count);
        par_for_each(numbers(count), [&](std::size_t i) { visits[i].fetch_add(1, std::memory_order_relaxed); },
                     {.pool = &pool, .grain = grain});
        ASSERT_TRUE(std::ranges::all_of(visits, [](const auto& one) { return one == 1; })) << count << " / " << grain;
      }
    }
  });
}

TEST(ParForEach, TakesContainersSpansAndIterators) {
  std::vector<int> values(1000, 1);
  par_for_each(values, [](int& value) { value += 1; });
  par_for_each(std::span(values).first(500), [](int& value) { value += 1; });
  par_for_each(values.begin() + 500, values.end(), [](int& value) { value += 1; });
  EXPECT_TRUE(std::ranges::all_of(values, [](int value) { return value == 3; }));
  std::vector<std::unique_ptr<int>> owned(10);
  par_for_each(owned, [](std::unique_ptr<int>& one) { one = std::make_unique<int>(4); });
  EXPECT_TRUE(std::ranges::all_of(owned, [](const auto& one) { return *one == 4; }));
}

TEST(ParForEach, ASmallLoopCallsNobody) {
  auto pool = Pool::open({.workers = 2}).value();
  std::vector<std::thread::id> ids(1000);
  for (int round = 0; round < 10; ++round) {
    par_for_each(ids, [](std::thread::id& id) { id = std::this_thread::get_id(); }, {.pool = &pool, .grain = 1000});
    EXPECT_TRUE(std::ranges::all_of(ids, [](auto id) { return id == std::this_thread::get_id(); }));
  }
}

// As many items as there are threads wait for one another: each must be there to be taken before the first is run.
TEST(ParForEach, AFewItemsRunAllAtOnce) {
  for (const std::size_t width : {std::size_t{2}, std::size_t{5}}) {
    auto pool = Pool::open({.workers = width}).value();
    std::atomic<std::size_t> there{0};
    pool.submit([&] {
          par_for_each(numbers(width), [&](std::size_t) {
            ++there;
            EXPECT_TRUE(eventually([&] { return there == width; }));
          });
        })
        .get();
  }
}

TEST(ParForEach, UnevenWorkUsesAllWorkers) {
  constexpr std::size_t width = 3;
  auto pool = Pool::open({.workers = width}).value();
  std::mutex mutex;
  std::set<std::thread::id> ids;
  par_for_each(numbers(2000),
               [&](std::size_t i) {
                 if (i < 1900) return;  // all of the work is at the end
                 std::this_thread::sleep_for(1ms);
                 const std::lock_guard guard(mutex);
                 ids.insert(std::this_thread::get_id());
               },
               {.pool = &pool});
  EXPECT_GE(ids.size(), width);
}

TEST(ParForEach, MaxWorkersBoundsHowManyRunAtOnce) {
  auto pool = Pool::open({.workers = 5}).value();
  for (const std::size_t most : {std::size_t{1}, std::size_t{2}, std::size_t{3}}) {
    std::atomic<std::size_t> now{0}, peak{0};
    par_for_each(numbers(100),
                 [&](std::size_t) {
                   const std::size_t mine = ++now;
                   std::size_t seen = peak;
                   while (seen < mine && !peak.compare_exchange_weak(seen, mine)) {
                   }
                   std::this_thread::sleep_for(1ms);
                   --now;
                 },
                 {.pool = &pool, .max_workers = most});
    EXPECT_EQ(peak, most);
  }
}

TEST(ParForEach, ThrowsTheExceptionOfTheLowestPosition) {
  auto pool = Pool::open({.workers = 5}).value();
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> there{0};
    const auto before = pool.state().suppressed();
    const std::size_t thrown = pool.submit([&]() -> std::size_t {
                                     try {
                                       par_for_each(numbers(5), [&](std::size_t i) {
                                         ++there;
                                         EXPECT_TRUE(eventually([&] { return there == 5; }));
                                         if (i != 0) throw i;
                                       });
                                     } catch (const std::size_t position) {
                                       return position;
                                     }
                                     return 0;
                                   })
                                   .get();
    EXPECT_EQ(thrown, 1U);
    EXPECT_EQ(pool.state().suppressed(), before + 3);
  }
}

TEST(ParForEach, AnExceptionEndsTheRest) {
  at_all_widths([](Pool& pool) {
    std::atomic<std::size_t> visits{0};
    EXPECT_THROW(par_for_each(numbers(1'000'000),
                              [&](std::size_t i) {
                                if (i == 10) throw std::runtime_error("ten");
                                if (++visits > 1000) std::this_thread::sleep_for(1ms);
                              },
                              {.pool = &pool}),
                 std::runtime_error);
    EXPECT_LT(visits, 1'000'000U);
  });
}

TEST(ParForEach, ThrowingAnywhereLosesNothing) {
  std::mt19937_64 random(4);
  at_all_widths([&](Pool& pool) {
    for (std::uint64_t round = 0; round < psyne_test::seeds(200); ++round) {
      const std::size_t count = 1 + random() % 5000;
      const std::size_t bad = random() % count;
      std::vector<std::atomic<int>> visits(count);
      try {
        par_for_each(numbers(count),
                     [&](std::size_t i) {
                       ++visits[i];
                       if (i == bad) throw i;
                     },
                     {.pool = &pool});
        FAIL();
      } catch (const std::size_t thrown) {
        ASSERT_EQ(thrown, bad);
      }
      ASSERT_TRUE(std::ranges::all_of(visits, [](const auto& one) { return one <= 1; }));
    }
  });
}

TEST(ParForEach, AnInnerLoopEndsOnlyItself) {
  auto pool = Pool::open({.workers = 2}).value();
  std::atomic<int> caught{0};
  pool.submit([&] {
        par_for_each(numbers(100), [&](std::size_t) {
          try {
            par_for_each(numbers(100), [](std::size_t i) {
              if (i == 50) throw std::runtime_error("inner");
            });
          } catch (const std::runtime_error&) {
            ++caught;
          }
        });
      })
      .get();
  EXPECT_EQ(caught, 100);
}

TEST(ParForEach, StopsInTheMiddle) {
  at_all_widths([](Pool& pool) {
    const psyne::StopSource source;
    std::atomic<std::size_t> visits{0};
    try {
      par_for_each(numbers(10'000'000),
                   [&](std::size_t) {
                     if (++visits == 1000) source.request_stop();
                   },
                   {.pool = &pool, .stop = source.token()});
      FAIL() << "nothing was left undone";
    } catch (const psyne::Exception& exception) {
      EXPECT_EQ(exception.error().code(), psyne::Code::stopped);
    }
    EXPECT_LT(visits, 10'000'000U);
  });
}

TEST(ParForEach, BeginsNothingWhenStoppedBefore) {
  const psyne::StopSource source;
  source.request_stop();
  EXPECT_THROW(par_for_each(numbers(10), [](std::size_t) { FAIL(); }, {.stop = source.token()}), psyne::Exception);
  EXPECT_NO_THROW(par_for_each(numbers(0), [](std::size_t) {}, {.stop = source.token()}));  // nothing was left undone
}

TEST(ParForEach, RefusesAClosedPool) {
  auto pool = Pool::open({.workers = 1}).value();
  ASSERT_TRUE(pool.close().has_value());
  try {
    par_for_each(numbers(10), [](std::size_t) { FAIL(); }, {.pool = &pool});
    FAIL();
  } catch (const psyne::Exception& exception) {
    EXPECT_EQ(exception.error().code(), psyne::Code::closed);
  }
}

TEST(ParForEach, RunsAloneWhereThePoolHasNoRoomForAGuest) {
  auto pool = Pool::open({.workers = 1, .max_threads = 1}).value();
  std::atomic<int> visits{0};
  par_for_each(numbers(100),
               [&](std::size_t) {
                 std::this_thread::sleep_for(50us);
                 ++visits;
               },
               {.pool = &pool});
  EXPECT_EQ(visits, 100);
}

TEST(ParForEach, TellsItsProgressOneAtATime) {
  auto pool = Pool::open({.workers = 3}).value();
  std::atomic<int> inside{0};
  std::size_t last = 0;
  int calls = 0;
  const auto began = psyne::Clock::now();
  par_for_each(numbers(300), [](std::size_t) { std::this_thread::sleep_for(2ms); },
               {.pool = &pool, .progress = [&](std::size_t done, std::size_t total) {
                  EXPECT_EQ(++inside, 1);
                  EXPECT_EQ(total, 300U);
                  EXPECT_GE(done, last);
                  last = done;
                  ++calls;
                  --inside;
                }});
  EXPECT_EQ(last, 300U);
  EXPECT_GE(calls, 2);
  EXPECT_LE(calls, (psyne::Clock::now() - began) / 90ms + 2) << "ten a second, by a clock of some milliseconds";
}

TEST(ParForEach, RunsNothingUnrelatedWhileItWaits) {
  auto pool = Pool::open({.workers = 3}).value();
  std::mutex mutex;
  std::atomic<int> done{0};
  constexpr int jobs = 50;
  for (int job = 0; job < jobs; ++job) {
    pool.post([&] {
      const std::lock_guard guard(mutex);
      par_for_each(numbers(100), [](std::size_t) { std::this_thread::sleep_for(10us); });
      ++done;
    });
  }
  EXPECT_TRUE(eventually([&] { return done == jobs; }));
}

TEST(ParForEach, InAJobOfOnePoolByTheThreadsOfAnother) {
  auto one = Pool::open({.workers = 1}).value();
  auto other = Pool::open({.workers = 2}).value();
  std::atomic<int> there{0};
  one.submit([&] {
       par_for_each(numbers(2),
                    [&](std::size_t) {
                      EXPECT_TRUE(other.state().inside());
                      ++there;
                      EXPECT_TRUE(eventually([&] { return there == 2; }));
                    },
                    {.pool = &other});
       EXPECT_TRUE(one.state().inside());
     })
      .get();
}

}  // namespace
