#include <psyne/core/stop/stop_source.hpp>
#include <psyne/pool/algorithm/par_reduce.hpp>
#include <psyne/pool/pool/pool.hpp>

#include "widths.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <bit>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <numeric>
#include <random>
#include <ranges>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::par_map_reduce;
using psyne::par_reduce;
using psyne::Pool;
using psyne_test::at_all_widths;

TEST(ParReduce, IsTheFoldOfAll) {
  at_all_widths([](Pool& pool) {
    for (const std::size_t count : psyne_test::counts) {
      std::vector<std::uint64_t> values(count);
      std::iota(values.begin(), values.end(), 3);
      for (const std::size_t grain : {std::size_t{0}, std::size_t{1}, std::size_t{10}, std::size_t{200'000}}) {
        EXPECT_EQ(par_reduce(values, std::uint64_t{5}, std::plus<>(), {.pool = &pool, .grain = grain}),
                  std::accumulate(values.begin(), values.end(), std::uint64_t{5}));
      }
    }
  });
}

TEST(ParReduce, KeepsTheOrder) {
  at_all_widths([](Pool& pool) {
    for (const std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{50}, std::size_t{3001}}) {
      std::string expected = "init";
      for (std::size_t i = 0; i < count; ++i) expected += std::to_string(i) + ",";
      const std::string result = par_map_reduce(
          std::views::iota(std::size_t{0}, count), std::string("init"),
          [](std::string left, const std::string& right) { return std::move(left) + right; },
          [](std::size_t i) { return std::to_string(i) + ","; }, {.pool = &pool});
      ASSERT_EQ(result, expected);
    }
  });
}

TEST(ParReduce, HasTheSameBitsAtEveryWidth) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> anything(-1e10, 1e10);
  for (const std::size_t count : {std::size_t{1000}, std::size_t{4099}, std::size_t{50'000}}) {
    std::vector<double> values(count);
    for (double& value : values) value = anything(random) * anything(random);
    const double alone = par_reduce(values, 0.1, std::plus<>(), {.max_workers = 1});
    for (std::size_t width = 1; width <= 5; ++width) {
      auto pool = Pool::open({.workers = width}).value();
      for (int round = 0; round < 8; ++round) {
        const auto slowly = [round](double left, double right) {
          for (std::atomic<int> spin = 0; spin < round * 5;) spin = spin + 1;
          return left + right;
        };
        const double outside = par_reduce(values, 0.1, slowly, {.pool = &pool});
        const double inside = pool.submit([&] { return par_reduce(values, 0.1, slowly); }).get();
        ASSERT_EQ(std::bit_cast<std::uint64_t>(outside), std::bit_cast<std::uint64_t>(alone));
        ASSERT_EQ(std::bit_cast<std::uint64_t>(inside), std::bit_cast<std::uint64_t>(alone));
      }
    }
  }
}

TEST(ParReduce, CallsMapOnceForEachAndOpOnceLess) {
  at_all_widths([](Pool& pool) {
    std::atomic<int> maps{0}, ops{0};
    const auto add = [&](int left, int right) { return ++ops, left + right; };
    const auto one = [&](int) { return ++maps, 1; };
    EXPECT_EQ(par_map_reduce(std::views::iota(0, 5000), 7, add, one, {.pool = &pool}), 5007);
    EXPECT_EQ(maps, 5000);
    EXPECT_EQ(ops, 5000);  // init is an operand too, once
  });
}

TEST(ParReduce, TakesValuesThatCanOnlyBeMoved) {
  at_all_widths([](Pool& pool) {
    using Owned = std::unique_ptr<int>;
    const auto add = [](Owned left, Owned right) {
      *left += *right;
      return left;
    };
    const auto make = [](int value) { return std::make_unique<int>(value); };
    const Owned sum = par_map_reduce(std::views::iota(0, 1000), make(1), add, make, {.pool = &pool});
    EXPECT_EQ(*sum, 1 + 999 * 500);
    std::vector<Owned> values(100);
    for (Owned& value : values) value = make(2);
    const auto take = [](Owned& value) { return std::move(value); };
    const Owned moved = par_map_reduce(values, make(0), add, take, {.pool = &pool});
    EXPECT_EQ(*moved, 200);
  });
}

TEST(ParReduce, GoesOnWithDearOperations) {
  auto pool = Pool::open({.workers = 4}).value();
  const auto add = [](int left, int right) {
    std::this_thread::sleep_for(100us);
    return left + right;
  };
  EXPECT_EQ(par_reduce(std::views::iota(0, 300), 0, add, {.pool = &pool}), 299 * 150);
}

TEST(ParReduce, ThrowsWhatAnOperationThrew) {
  std::mt19937_64 random(9);
  at_all_widths([&](Pool& pool) {
    for (int round = 0; round < 50; ++round) {
      const int bad = static_cast<int>(random() % 5000);
      const auto map = [bad](int i) { return i == bad ? throw i : std::make_shared<int>(i); };
      const auto add = [](std::shared_ptr<int> left, const std::shared_ptr<int>&) { return left; };
      try {
        static_cast<void>(par_map_reduce(std::views::iota(0, 5000), std::shared_ptr<int>(), add, map, {.pool = &pool}));
        FAIL();
      } catch (const int thrown) {
        ASSERT_EQ(thrown, bad);
      }
    }
  });
}

TEST(ParReduce, StopsInTheMiddle) {
  at_all_widths([](Pool& pool) {
    const psyne::StopSource source;
    std::atomic<int> calls{0};
    const auto add = [&](std::int64_t left, std::int64_t right) {
      if (++calls == 1000) source.request_stop();
      return left + right;
    };
    EXPECT_THROW(par_reduce(std::views::iota(std::int64_t{0}, std::int64_t{1'000'000}), std::int64_t{0}, add,
                            {.pool = &pool, .stop = source.token()}),
                 psyne::Exception);
    EXPECT_LT(calls, 1'000'000);
  });
}

}  // namespace
