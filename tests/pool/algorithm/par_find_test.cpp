#include <psyne/core/stop/stop_source.hpp>
#include <psyne/pool/algorithm/par_any.hpp>
#include <psyne/pool/algorithm/par_find.hpp>
#include <psyne/pool/pool/pool.hpp>

#include "../../seeds.hpp"
#include "widths.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <random>
#include <ranges>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::par_any;
using psyne::par_find;
using psyne::Pool;
using psyne_test::at_all_widths;

TEST(ParFind, FindsTheFirstOfMany) {
  std::mt19937_64 random(3);
  at_all_widths([&](Pool& pool) {
    for (std::uint64_t round = 0; round < psyne_test::seeds(100); ++round) {
      std::vector<int> values(random() % 20'000);
      const std::size_t ones = random() % 4;
      for (std::size_t i = 0; i < ones && !values.empty(); ++i) values[random() % values.size()] = 1;
      const auto is_one = [](int value) { return value == 1; };
      ASSERT_EQ(par_find(values, is_one, {.pool = &pool}), std::ranges::find_if(values, is_one));
      ASSERT_EQ(par_any(values, is_one, {.pool = &pool}), std::ranges::any_of(values, is_one));
    }
  });
}

// A later match is found long before the first one.
TEST(ParFind, WaitsForAnEarlierMatch) {
  auto pool = Pool::open({.workers = 4}).value();
  for (int round = 0; round < 20; ++round) {
    const auto slow_at_first = [](int i) {
      if (i == 3) std::this_thread::sleep_for(2ms);
      return i == 3 || i > 8;
    };
    EXPECT_EQ(*par_find(std::views::iota(0, 16), slow_at_first, {.pool = &pool}), 3);
  }
}

TEST(ParFind, LeavesOutWhatLiesBehind) {
  at_all_widths([](Pool& pool) {
    std::atomic<std::size_t> calls{0};
    const auto numbers = std::views::iota(0, 100'000'000);
    const auto found =
        par_find(numbers, [&](int i) { return calls.fetch_add(1) > 1000 && i % 7 == 0; }, {.pool = &pool});
    EXPECT_NE(found, numbers.end());
    EXPECT_LT(calls, 100'000'000U);
    calls = 0;
    EXPECT_TRUE(par_any(numbers, [&](int) { return calls.fetch_add(1) > 1000; }, {.pool = &pool}));
    EXPECT_LT(calls, 100'000'000U);
  });
}

TEST(ParFind, ThrowsWhatThePredicateThrew) {
  at_all_widths([](Pool& pool) {
    const auto bad = [](int i) { return i == 1000 ? throw i : false; };
    EXPECT_THROW(static_cast<void>(par_find(std::views::iota(0, 5000), bad, {.pool = &pool})), int);
    EXPECT_THROW(static_cast<void>(par_any(std::views::iota(0, 5000), bad, {.pool = &pool})), int);
  });
}

}  // namespace
