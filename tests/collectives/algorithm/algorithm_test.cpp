// Every algorithm, rehearsed with symbols: that it gives what its operation promises, ends, and leaves no two accesses
// unordered; alone, in pieces, and one after another on the same slots and stages.
#include "collectives/algorithm/rehearsed.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace {

using collectives_test::problem;
using collectives_test::scene;
using collectives_test::title;
using psyne::Algorithm;
using psyne::Operation;
using psyne::Problem;
using psyne::Rank;
using psyne::Rehearsal;
using psyne::Scene;

// A sanitizer makes minutes of them all.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

std::string described(const Problem& problem) {
  return "size " + std::to_string(problem.size) + ", root " + std::to_string(problem.root) + ", bytes " +
         std::to_string(problem.bytes) + (problem.in_place ? ", in place" : "");
}

void expect_good(const std::vector<Scene>& scenes, Rank size, std::uint64_t seed = 1) {
  const auto fault = Rehearsal(size, {.seed = seed}).run(scenes);
  EXPECT_EQ(fault.value_or(""), "") << described(scenes.front().problem);
}

class EveryAlgorithm : public testing::TestWithParam<const Algorithm*> {};

TEST_P(EveryAlgorithm, GivesWhatItsOperationPromises) {
  for (Rank size = 1; size <= (sanitized ? 6 : 17); ++size) {
    for (const std::uint64_t bytes : {0, 8, 56, 64, 200, 1000}) {
      for (const bool in_place : {false, true}) {
        Problem one = problem(GetParam()->operation, size, bytes);
        one.in_place = in_place;
        for (const Rank root : {0, size / 2, size - 1}) {
          one.root = root;
          expect_good({scene(*GetParam(), one)}, size);
          if (testing::Test::HasFailure()) return;
        }
      }
    }
  }
}

TEST_P(EveryAlgorithm, IsNoDifferentForManyRanks) {
  for (const Rank size : {24, 32, 63, 64}) {
    if (sanitized && size > 24) break;
    Problem one = problem(GetParam()->operation, size, 256, 4);
    one.root = size - 2;
    expect_good({scene(*GetParam(), one)}, size);
  }
}

TEST_P(EveryAlgorithm, MayFollowItselfWithoutWaitingForAnybody) {
  for (const Rank size : {2, 3, 4, 7, 8}) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      std::vector<Scene> scenes;
      for (int time = 0; time < 7; ++time) {
        Problem one = problem(GetParam()->operation, size, time % 3 == 2 ? 400 : 48);
        one.root = static_cast<Rank>(time) % size;
        one.in_place = time % 2 == 1;
        scenes.push_back(scene(*GetParam(), one));
      }
      expect_good(scenes, size, seed);
    }
  }
}

TEST_P(EveryAlgorithm, TakesElementsOfAnySize) {
  for (const std::uint64_t element : {1, 2, 4, 16}) {
    for (const Rank size : {2, 5, 8})
      expect_good({scene(*GetParam(), problem(GetParam()->operation, size, 15 * element, element))}, size);
  }
}

TEST_P(EveryAlgorithm, TakesBlocksOfAnyLength) {
  if (GetParam()->traits.uniform) GTEST_SKIP() << "its blocks are equally long";
  for (const Rank size : {1, 2, 3, 5, 8}) {
    std::mt19937 random(7);
    std::vector<psyne::Stretch> blocks;
    std::uint64_t offset = 0;
    for (Rank rank = 0; rank < size; ++rank) {
      const std::uint64_t bytes = random() % 3 == 0 ? 0 : random() % 40 * 8;
      blocks.push_back({offset, bytes});
      offset += bytes + random() % 3 * 8;
    }
    Problem one = problem(GetParam()->operation, size, 320);
    one.received = psyne::Blocks(blocks);
    one.sent = psyne::Blocks(blocks);
    if (one.operation == Operation::all_to_all) {
      // What one sends to another is as long as what that one receives: here all are as long as the receiver says.
      one.received = one.sent = psyne::Blocks(48, 64);
    }
    expect_good({scene(*GetParam(), one)}, size);
    one.root = size - 1;
    one.in_place = true;
    expect_good({scene(*GetParam(), one)}, size);
  }
}

std::vector<const Algorithm*> all() {
  std::vector<const Algorithm*> found;
  for (const Algorithm& algorithm : psyne::algorithms()) found.push_back(&algorithm);
  return found;
}

INSTANTIATE_TEST_SUITE_P(Collectives, EveryAlgorithm, testing::ValuesIn(all()),
                         [](const auto& algorithm) { return title(*algorithm.param); });

TEST(AlgorithmsTogether, FollowEachOtherInAnyOrder) {
  std::mt19937 random(1);
  const auto algorithms = psyne::algorithms();
  for (int run = 0; run < (sanitized ? 50 : 300); ++run) {
    const Rank size = static_cast<Rank>(random() % 8) + 2;
    std::vector<Scene> scenes;
    std::string names;
    for (int time = 0; time < 12; ++time) {
      const Algorithm& algorithm = algorithms[random() % algorithms.size()];
      Problem one = problem(algorithm.operation, size, random() % 40 * 8);
      one.root = static_cast<Rank>(random()) % size;
      if (one.root < 0) one.root += size;
      one.in_place = random() % 2 == 0;
      scenes.push_back(scene(algorithm, one));
      names += title(algorithm) + " ";
    }
    expect_good(scenes, size, static_cast<std::uint64_t>(run));
    ASSERT_FALSE(HasFailure()) << names;
  }
}

TEST(Algorithms, AreFoundByOperationAndName) {
  for (const Algorithm& algorithm : psyne::algorithms()) {
    EXPECT_EQ(psyne::find_algorithm(algorithm.operation, algorithm.name), &algorithm);
  }
  EXPECT_EQ(psyne::find_algorithm(Operation::barrier, "ring"), nullptr);
}

TEST(Algorithms, ThereIsACanonicalOneForEachOperationThatFolds) {
  for (const Operation operation : {Operation::all_reduce, Operation::reduce, Operation::reduce_scatter,
                                    Operation::scan, Operation::exclusive_scan}) {
    bool any = false;
    for (const Algorithm& algorithm : psyne::algorithms()) {
      any = any || (algorithm.operation == operation && algorithm.traits.canonical && !algorithm.traits.mapped);
    }
    EXPECT_TRUE(any) << name(operation);
  }
}

}  // namespace
