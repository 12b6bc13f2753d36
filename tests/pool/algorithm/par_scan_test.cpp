#include <psyne/pool/algorithm/par_scan.hpp>
#include <psyne/pool/pool/pool.hpp>

#include "widths.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <functional>
#include <numeric>
#include <random>
#include <ranges>
#include <string>
#include <vector>

namespace {

using psyne::par_scan;
using psyne::Pool;
using psyne::Scan;
using psyne_test::at_all_widths;

TEST(ParScan, IsThatOfTheStandardLibrary) {
  at_all_widths([](Pool& pool) {
    for (const std::size_t count : psyne_test::counts) {
      std::vector<std::uint64_t> values(count), inclusive(count), exclusive(count);
      std::iota(values.begin(), values.end(), 3);
      std::inclusive_scan(values.begin(), values.end(), inclusive.begin(), std::plus<>(), std::uint64_t{9});
      std::exclusive_scan(values.begin(), values.end(), exclusive.begin(), std::uint64_t{9});
      for (const std::size_t grain : {std::size_t{0}, std::size_t{1}, std::size_t{10}, std::size_t{200'000}}) {
        ASSERT_EQ(par_scan(values, std::uint64_t{9}, std::plus<>(), {.pool = &pool, .grain = grain}), inclusive);
        ASSERT_EQ(par_scan(values, std::uint64_t{9}, std::plus<>(), {.pool = &pool, .grain = grain}, Scan::exclusive),
                  exclusive);
      }
    }
  });
}

TEST(ParScan, KeepsTheOrder) {
  at_all_widths([](Pool& pool) {
    const std::vector<std::string> letters = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m"};
    const auto words = par_scan(letters, std::string("-"), std::plus<>(), {.pool = &pool, .grain = 2});
    EXPECT_EQ(words.front(), "-a");
    EXPECT_EQ(words.back(), "-abcdefghijklm");
  });
}

TEST(ParScan, HasTheSameBitsAtEveryWidth) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> anything(-1e10, 1e10);
  std::vector<double> values(30'011);
  for (double& value : values) value = anything(random) * anything(random);
  const auto alone = par_scan(values, 0.1, std::plus<>(), {.max_workers = 1});
  for (std::size_t width = 1; width <= 5; ++width) {
    auto pool = Pool::open({.workers = width}).value();
    for (int round = 0; round < 8; ++round) {
      const auto slowly = [round](double left, double right) {
        for (std::atomic<int> spin = 0; spin < round * 5;) spin = spin + 1;
        return left + right;
      };
      const auto outside = par_scan(values, 0.1, slowly, {.pool = &pool});
      const auto inside = pool.submit([&] { return par_scan(values, 0.1, slowly); }).get();
      ASSERT_EQ(std::memcmp(outside.data(), alone.data(), alone.size() * sizeof(double)), 0);
      ASSERT_EQ(std::memcmp(inside.data(), alone.data(), alone.size() * sizeof(double)), 0);
    }
  }
}

TEST(ParScan, ThrowsWhatAnOperationThrew) {
  at_all_widths([](Pool& pool) {
    const auto bad = [](int left, int right) { return right == 700 ? throw right : left + right; };
    EXPECT_THROW(static_cast<void>(par_scan(std::views::iota(0, 2000), 0, bad, {.pool = &pool})), int);
  });
}

}  // namespace
