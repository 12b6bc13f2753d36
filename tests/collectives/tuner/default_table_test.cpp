// The table that decides when nothing else does.
#include <psyne/collectives/tuner/default_table.hpp>

#include <gtest/gtest.h>

namespace {

using psyne::Algorithm;
using psyne::default_algorithm;
using psyne::Operation;
using psyne::Rank;

TEST(DefaultTable, HasAnAdmissibleAlgorithmForEverything) {
  for (const Algorithm& known : psyne::algorithms()) {
    for (const Rank size : {1, 2, 3, 8, 100, 4096}) {
      for (const std::uint64_t bytes : {0UL, 8UL, 5000UL, 1UL << 20U, 1UL << 40U}) {
        for (const bool mapped : {false, true}) {
          for (const bool canonical : {false, true}) {
            const Algorithm& chosen = default_algorithm(
                {.operation = known.operation, .size = size, .bytes = bytes, .mapped = mapped, .canonical = canonical});
            EXPECT_EQ(chosen.operation, known.operation);
            EXPECT_TRUE(mapped || !chosen.traits.mapped) << chosen.name;
            if (canonical && folds(known.operation)) {
              EXPECT_TRUE(chosen.traits.canonical) << name(known.operation) << " by " << chosen.name;
            }
            const Algorithm& ordered = default_algorithm(
                {.operation = known.operation, .size = size, .bytes = bytes, .mapped = mapped, .ordered = true});
            EXPECT_TRUE(ordered.traits.ordered || !folds(known.operation)) << ordered.name;
          }
        }
      }
    }
  }
}

TEST(DefaultTable, ChoosesAlikeEverywhere) {
  // What ranks of different versions would disagree on is what a change of this test says.
  const auto chosen = [](Operation operation, Rank size, std::uint64_t bytes, bool mapped) {
    return default_algorithm({.operation = operation, .size = size, .bytes = bytes, .mapped = mapped}).name;
  };
  EXPECT_EQ(chosen(Operation::all_reduce, 2, 8, true), "direct");
  EXPECT_EQ(chosen(Operation::all_reduce, 4, 1 << 20, true), "staged_two_shot");
  EXPECT_EQ(chosen(Operation::all_reduce, 8, 1 << 24, false), "ring");
  EXPECT_EQ(chosen(Operation::broadcast, 8, 64, false), "binomial");
}

}  // namespace
