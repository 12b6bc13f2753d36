#include <psyne/core/stop/stop_source.hpp>
#include <psyne/pool/algorithm/par_sort.hpp>
#include <psyne/pool/pool/pool.hpp>

#include "../../seeds.hpp"
#include "widths.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using psyne::par_sort;
using psyne::Pool;
using psyne_test::at_all_widths;

std::vector<std::uint32_t> shuffled(std::size_t count, std::uint32_t kinds, std::mt19937_64& random) {
  std::vector<std::uint32_t> values(count);
  for (auto& value : values) value = static_cast<std::uint32_t>(random()) % kinds;
  return values;
}

TEST(ParSort, SortsAsTheStandardLibraryDoes) {
  std::mt19937_64 random(5);
  at_all_widths([&](Pool& pool) {
    for (const std::size_t count : psyne_test::counts) {
      for (const std::uint32_t kinds : {1U, 2U, 100U, UINT32_MAX}) {
        auto values = shuffled(count, kinds, random);
        auto expected = values;
        std::ranges::sort(expected);
        par_sort(values, {.pool = &pool});
        ASSERT_EQ(values, expected) << count << " of " << kinds;
        std::ranges::sort(expected, std::greater<>());
        par_sort(values.begin(), values.end(), std::greater<>(), {.pool = &pool});
        ASSERT_EQ(values, expected);
      }
    }
  });
}

TEST(ParSort, SortsAnyLengthAroundItsLeaves) {
  std::mt19937_64 random(6);
  auto pool = Pool::open({.workers = 2}).value();
  for (std::size_t count = 0; count < 300; ++count) {
    auto values = shuffled(count, 50, random);
    auto expected = values;
    std::ranges::sort(expected);
    par_sort(values, {.pool = &pool});
    ASSERT_EQ(values, expected) << count;
  }
  for (const std::size_t leaf : {16'384U, 32'768U, 65'536U, 131'072U}) {
    for (const int beside : {-1, 0, 1, 7, 9}) {
      auto values = shuffled(leaf + static_cast<std::size_t>(beside), UINT32_MAX, random);
      auto expected = values;
      std::ranges::sort(expected);
      par_sort(values, {.pool = &pool});
      ASSERT_TRUE(values == expected) << leaf << beside;
    }
  }
}

TEST(ParSort, SortsWhatHasAnOrderAlready) {
  at_all_widths([](Pool& pool) {
    std::vector<std::uint64_t> up(100'003);
    std::iota(up.begin(), up.end(), 0);
    auto values = up;
    par_sort(values, {.pool = &pool});
    ASSERT_EQ(values, up);
    std::ranges::reverse(values);
    par_sort(values, {.pool = &pool});
    ASSERT_EQ(values, up);
    std::ranges::rotate(values, values.begin() + 70'000);  // two runs
    par_sort(values, {.pool = &pool});
    ASSERT_EQ(values, up);
    std::swap(values.front(), values.back());
    par_sort(values, {.pool = &pool});
    ASSERT_EQ(values, up);
  });
}

// Elements that compare equal and differ show which were exchanged with which.
TEST(ParSort, HasTheSameResultAtEveryWidth) {
  using Pair = std::pair<std::uint32_t, std::uint32_t>;
  struct Item {
    std::uint32_t key, number;
    bool operator==(const Item&) const = default;
  };
  static_assert(!std::is_trivially_copyable_v<Pair>);  // so both ways are taken
  std::mt19937_64 random(7);
  std::vector<Item> items;
  std::vector<Pair> pairs;
  for (std::uint32_t i = 0; i < 150'000; ++i) {
    items.push_back({static_cast<std::uint32_t>(random() % 1000), i});
    pairs.emplace_back(items.back().key, i);
  }
  auto items_alone = items;
  auto pairs_alone = pairs;
  const auto by_key = [](const Item& left, const Item& right) { return left.key < right.key; };
  const auto by_first = [](const Pair& left, const Pair& right) { return left.first < right.first; };
  par_sort(items_alone, by_key, {.max_workers = 1});
  par_sort(pairs_alone, by_first, {.max_workers = 1});
  for (std::size_t width = 1; width <= 5; ++width) {
    auto pool = Pool::open({.workers = width}).value();
    auto items_here = items;
    auto pairs_here = pairs;
    par_sort(items_here, by_key, {.pool = &pool});
    par_sort(pairs_here, by_first, {.pool = &pool});
    ASSERT_TRUE(items_here == items_alone) << width;
    ASSERT_TRUE(pairs_here == pairs_alone) << width;
  }
}

TEST(ParSort, SortsWhatCanOnlyBeMovedAndWhatLiesInPieces) {
  std::mt19937_64 random(8);
  at_all_widths([&](Pool& pool) {
    const auto numbers = shuffled(30'000, UINT32_MAX, random);
    std::vector<std::unique_ptr<std::uint32_t>> owned;
    for (const auto number : numbers) owned.push_back(std::make_unique<std::uint32_t>(number));
    par_sort(owned, [](const auto& left, const auto& right) { return *left < *right; }, {.pool = &pool});
    std::deque<std::string> words;
    for (const auto number : numbers) words.push_back(std::to_string(number));
    auto sorted_words = words;
    std::ranges::sort(sorted_words);
    par_sort(words, {.pool = &pool});
    ASSERT_EQ(words, sorted_words);
    auto sorted = numbers;
    std::ranges::sort(sorted);
    for (std::size_t i = 0; i < sorted.size(); ++i) ASSERT_EQ(*owned[i], sorted[i]);
  });
}

TEST(ParSort, AComparisonThatThrowsLosesNothing) {
  std::mt19937_64 random(9);
  at_all_widths([&](Pool& pool) {
    for (std::uint64_t round = 0; round < psyne_test::seeds(10); ++round) {
      auto values = shuffled(70'000, UINT32_MAX, random);
      std::vector<std::string> words;
      for (std::size_t i = 0; i < 5000; ++i) words.push_back(std::to_string(values[i]));
      auto expected = values;
      auto expected_words = words;
      std::atomic<std::int64_t> left{static_cast<std::int64_t>(random() % 1'000'000)};
      const auto until = [&](const auto& one, const auto& other) {
        return left.fetch_sub(1) == 0 ? throw std::runtime_error("enough") : one < other;
      };
      EXPECT_THROW(par_sort(values, until, {.pool = &pool}), std::runtime_error);
      left = static_cast<std::int64_t>(random() % 40'000);
      EXPECT_THROW(par_sort(words, until, {.pool = &pool}), std::runtime_error);
      std::ranges::sort(values);
      std::ranges::sort(expected);
      ASSERT_TRUE(values == expected);
      std::ranges::sort(words);
      std::ranges::sort(expected_words);
      ASSERT_TRUE(words == expected_words);
    }
  });
}

TEST(ParSort, StopsWithoutALoss) {
  std::mt19937_64 random(10);
  at_all_widths([&](Pool& pool) {
    auto values = shuffled(200'000, UINT32_MAX, random);
    auto expected = values;
    const psyne::StopSource source;
    std::atomic<int> calls{0};
    const auto less = [&](std::uint32_t left, std::uint32_t right) {
      if (calls.fetch_add(1, std::memory_order_relaxed) == 1'000'000) source.request_stop();
      return left < right;
    };
    EXPECT_THROW(par_sort(values, less, {.pool = &pool, .stop = source.token()}), psyne::Exception);
    std::ranges::sort(values);
    std::ranges::sort(expected);
    ASSERT_TRUE(values == expected);
  });
}

}  // namespace
