#include <psyne/pool/algorithm/par_filter.hpp>
#include <psyne/pool/algorithm/par_map.hpp>
#include <psyne/pool/pool/pool.hpp>

#include "widths.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <numeric>
#include <random>
#include <ranges>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::par_filter;
using psyne::par_map;
using psyne::Pool;
using psyne_test::at_all_widths;

struct NoDefault {
  explicit NoDefault(std::size_t of) : value(of) {}
  std::size_t value;
};

TEST(ParMap, KeepsTheOrder) {
  at_all_widths([](Pool& pool) {
    for (const std::size_t count : psyne_test::counts) {
      std::vector<std::size_t> values(count);
      std::iota(values.begin(), values.end(), 0);
      const std::vector<std::size_t> squares = par_map(values, [](std::size_t i) { return i * i; }, {.pool = &pool});
      ASSERT_EQ(squares.size(), count);
      for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(squares[i], i * i);
    }
  });
}

TEST(ParMap, MakesAnythingThatCanBeMoved) {
  at_all_widths([](Pool& pool) {
    const auto numbers = std::views::iota(std::size_t{0}, std::size_t{5000});
    const auto owned =
        par_map(numbers, [](std::size_t i) { return std::make_unique<std::size_t>(i); }, {.pool = &pool});
    const auto bare = par_map(numbers, [](std::size_t i) { return NoDefault(i); }, {.pool = &pool});
    const std::vector<bool> odd = par_map(numbers, [](std::size_t i) { return i % 2 == 1; }, {.pool = &pool});
    for (const std::size_t i : numbers) {
      ASSERT_EQ(*owned[i], i);
      ASSERT_EQ(bare[i].value, i);
      ASSERT_EQ(odd[i], i % 2 == 1);
    }
  });
}

TEST(ParMap, DestroysWhatWasMadeBeforeAnException) {
  at_all_widths([](Pool& pool) {
    const auto shared = std::make_shared<int>(0);
    EXPECT_THROW(par_map(std::views::iota(0, 3000),
                         [&](int i) { return i == 2500 ? throw std::runtime_error("2500") : shared; }, {.pool = &pool}),
                 std::runtime_error);
    EXPECT_EQ(shared.use_count(), 1);
  });
}

TEST(ParMap, MapsInsideAMap) {
  at_all_widths([](Pool& pool) {
    const auto rows = par_map(std::views::iota(0, 60),
                              [](int row) {
                                return par_map(std::views::iota(0, 60), [row](int column) {
                                  std::this_thread::sleep_for(1us);
                                  return row * column;
                                });
                              },
                              {.pool = &pool});
    for (int row = 0; row < 60; ++row) {
      for (int column = 0; column < 60; ++column) ASSERT_EQ(rows[row][column], row * column);
    }
  });
}

TEST(ParFilter, IsThatOfTheStandardLibrary) {
  std::mt19937_64 random(2);
  at_all_widths([&](Pool& pool) {
    for (const std::size_t count : psyne_test::counts) {
      for (const unsigned one_of : {1U, 2U, 100U}) {
        std::vector<std::uint64_t> values(count);
        for (auto& value : values) value = random();
        const auto wanted = [one_of](std::uint64_t value) { return value % one_of == 0; };
        std::vector<std::uint64_t> expected;
        std::ranges::copy_if(values, std::back_inserter(expected), wanted);
        std::atomic<std::size_t> calls{0};
        const auto result =
            par_filter(values, [&](std::uint64_t value) { return ++calls, wanted(value); }, {.pool = &pool});
        ASSERT_EQ(result, expected);
        ASSERT_EQ(calls, count);
      }
    }
  });
}

TEST(ParFilter, CopiesWhatHasNoDefault) {
  std::vector<NoDefault> values;
  for (std::size_t i = 0; i < 10'000; ++i) values.emplace_back(i);
  const auto even = par_filter(values, [](const NoDefault& one) { return one.value % 2 == 0; });
  ASSERT_EQ(even.size(), 5000U);
  for (std::size_t i = 0; i < even.size(); ++i) ASSERT_EQ(even[i].value, 2 * i);
}

}  // namespace
