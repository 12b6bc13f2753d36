#include <psyne/pool/budget/fair_shares.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

namespace {

using psyne::Claim;
using psyne::fair_shares;
using Numbers = std::vector<std::uint32_t>;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

Numbers shares(const Numbers& demands, std::uint32_t total, std::size_t turn = 0) {
  std::vector<Claim> claims;
  for (const std::uint32_t demand : demands) claims.push_back({.demand = demand, .share = 77});
  fair_shares(claims, total, turn);
  Numbers given;
  for (const Claim& claim : claims) given.push_back(claim.share);
  return given;
}

TEST(FairShares, WhatFitsIsGiven) {
  EXPECT_THAT(shares({}, 4), IsEmpty());
  EXPECT_THAT(shares({4}, 4), ElementsAre(4));
  EXPECT_THAT(shares({1, 3}, 4), ElementsAre(1, 3));
  EXPECT_THAT(shares({1, 1, 1}, 9), ElementsAre(1, 1, 1));
}

TEST(FairShares, EqualDemandsGetEqualParts) {
  EXPECT_THAT(shares({4, 4}, 4), ElementsAre(2, 2));
  EXPECT_THAT(shares({9, 9, 9}, 9), ElementsAre(3, 3, 3));
}

TEST(FairShares, WhatTheModestLeaveGoesToTheOthers) {
  EXPECT_THAT(shares({8, 1}, 8), ElementsAre(7, 1));
  EXPECT_THAT(shares({1, 8, 8}, 9), ElementsAre(1, 4, 4));
  EXPECT_THAT(shares({2, 3, 90, 90}, 25), ElementsAre(2, 3, 10, 10)) << "the level rises twice";
}

TEST(FairShares, WhatDoesNotDivideGoesRound) {
  EXPECT_THAT(shares({4, 4}, 5, 0), ElementsAre(3, 2));
  EXPECT_THAT(shares({4, 4}, 5, 1), ElementsAre(2, 3));
  EXPECT_THAT(shares({4, 4}, 5, 2), ElementsAre(3, 2));
  EXPECT_THAT(shares({1, 4, 4}, 6, 0), ElementsAre(1, 3, 2)) << "not to who has what he wants";
}

TEST(FairShares, WhoWantsAnythingGetsOneAtLeast) {
  EXPECT_THAT(shares({4, 4, 4}, 2), ElementsAre(1, 1, 1));
  EXPECT_THAT(shares({4, 1, 4}, 0), ElementsAre(1, 1, 1));
}

TEST(FairShares, WhoWantsNothingGetsNothing) {
  EXPECT_THAT(shares({0, 4, 0}, 4), ElementsAre(0, 4, 0));
  EXPECT_THAT(shares({0, 4, 4}, 1), ElementsAre(0, 1, 1));
  EXPECT_THAT(shares({0, 0}, 4), ElementsAre(0, 0));
}

TEST(FairShares, LargeNumbersDoNotWrap) {
  constexpr std::uint32_t all = UINT32_MAX;
  EXPECT_THAT(shares({all, all}, all), ElementsAre(all / 2 + 1, all / 2));
  EXPECT_THAT(shares({all, 1}, all), ElementsAre(all - 1, 1));
}

// What makes shares max-min fair: nobody who goes short has less than another by more than what does not divide, and
// nothing is left while anybody goes short.
TEST(FairShares, OfAnyClaimsTheSharesAreFair) {
  std::mt19937_64 random(2026);
  const auto up_to = [&](std::uint32_t most) { return static_cast<std::uint32_t>(random() % (most + 1)); };
  for (int round = 0; round < 20'000; ++round) {
    Numbers demands(up_to(8));
    for (std::uint32_t& demand : demands) demand = up_to(round % 2 == 0 ? 6 : 40);
    const std::uint32_t total = up_to(64);
    const Numbers given = shares(demands, total, up_to(10));
    const auto wanting = static_cast<std::uint32_t>(
        std::count_if(demands.begin(), demands.end(), [](std::uint32_t demand) { return demand != 0; }));
    const auto sum = std::accumulate(given.begin(), given.end(), 0U);
    bool anybody_short = false;
    for (std::size_t one = 0; one < demands.size(); ++one) {
      ASSERT_LE(given[one], demands[one]);
      ASSERT_TRUE(demands[one] == 0 || given[one] >= 1);
      if (given[one] == demands[one]) continue;
      anybody_short = true;
      for (const std::uint32_t other : given) ASSERT_LE(other, given[one] + 1);
    }
    ASSERT_LE(sum, std::max(total, wanting));
    if (anybody_short) {
      ASSERT_EQ(sum, std::max(total, wanting));
    }
  }
}

}  // namespace
