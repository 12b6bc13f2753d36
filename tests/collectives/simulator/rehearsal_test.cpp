// A rehearsal finds what is wrong with a schedule: each test is one mistake.
#include <psyne/collectives/schedule/schedule_builder.hpp>
#include <psyne/collectives/simulator/rehearsal.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace {

using psyne::Operation;
using psyne::Place;
using psyne::Problem;
using psyne::Rank;
using psyne::Rehearsal;
using psyne::Scene;
using psyne::Schedule;
using psyne::ScheduleBuilder;

using Write = std::function<void(const Problem&, ScheduleBuilder&)>;

std::string fault(Operation operation, Rank size, const Write& write, int times = 1, std::uint64_t seed = 1) {
  Problem problem;
  problem.operation = operation;
  problem.size = size;
  problem.bytes = 128;
  problem.element_bytes = 8;
  problem.sent = problem.received = psyne::Blocks(128, 128);
  const Scene scene{.problem = problem, .make = [&](const Problem& of_rank) {
                      ScheduleBuilder builder(of_rank);
                      write(of_rank, builder);
                      return builder.finish();
                    }};
  const std::vector<Scene> scenes(static_cast<std::size_t>(times), scene);
  return Rehearsal(size, {.seed = seed}).run(scenes).value_or("");
}

bool says(const std::string& fault, const std::string& words) { return fault.find(words) != std::string::npos; }

// Root 0 tells all; what all the mistakes below are made of.
void broadcast(const Problem& problem, ScheduleBuilder& builder) {
  if (problem.rank != 0) return builder.copy(builder.output(), builder.receive(0, problem.bytes), problem.bytes);
  for (Rank other = 1; other < problem.size; ++other) builder.send(other, builder.input(), problem.bytes);
  builder.copy(builder.output(), builder.input(), problem.bytes);
}

TEST(Rehearsal, FindsNothingWhereNothingIsWrong) { EXPECT_EQ(fault(Operation::broadcast, 4, broadcast, 9), ""); }

TEST(Rehearsal, FindsAnOutputThatIsMissing) {
  const auto found = fault(Operation::broadcast, 3, [](const Problem& problem, ScheduleBuilder& builder) {
    if (problem.rank == 2) return static_cast<void>(builder.receive(0, problem.bytes));
    broadcast(problem, builder);
  });
  EXPECT_TRUE(says(found, "rank 2 ends with element 0 not as promised (made of 0)")) << found;
}

TEST(Rehearsal, FindsAContributionThatIsFoldedTwice) {
  const auto found = fault(Operation::all_reduce, 2, [](const Problem& problem, ScheduleBuilder& builder) {
    const Rank other = 1 - problem.rank;
    builder.send(other, builder.input(), problem.bytes);
    const Place theirs = builder.receive(other, problem.bytes);
    builder.fold(builder.output(), {builder.input(), theirs, theirs}, problem.bytes);
  });
  EXPECT_TRUE(says(found, "not as promised (made of 3)")) << found;
}

TEST(Rehearsal, FindsRanksThatWaitForEachOther) {
  const auto found = fault(Operation::barrier, 2, [](const Problem& problem, ScheduleBuilder& builder) {
    builder.wait(1 - problem.rank);
    builder.signal(1 - problem.rank);
  });
  EXPECT_TRUE(says(found, "nobody can go on: rank 0 waits in operation 0 for rank 1, rank 1 waits")) << found;
}

TEST(Rehearsal, FindsAWaitForASignalThatDoesNotCome) {
  const auto found = fault(Operation::barrier, 2, [](const Problem& problem, ScheduleBuilder& builder) {
    if (problem.rank == 0) builder.wait(1);
  });
  EXPECT_TRUE(says(found, "rank 0 waits in operation 0 for rank 1")) << found;
}

TEST(Rehearsal, FindsAReadBeforeTheSignal) {
  bool any = false;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto found = fault(
        Operation::broadcast, 2,
        [](const Problem& problem, ScheduleBuilder& builder) {
          if (problem.rank == 0) return broadcast(problem, builder);
          const Place slot{psyne::Space::slot, 1, 0, 0};
          builder.copy(builder.output(), slot, problem.bytes);
          static_cast<void>(builder.receive(0, problem.bytes));
        },
        1, seed);
    EXPECT_TRUE(says(found, "where nobody has written") || says(found, "no signal orders the two")) << found;
    any = any || says(found, "no signal orders the two");
  }
  EXPECT_TRUE(any);
}

TEST(Rehearsal, KnowsThatASignalOfTheNextScheduleFreesTheBankOfThisOne) {
  // The leaf goes on reading after its last signal, and no other says that it is done.
  const auto found = fault(
      Operation::broadcast, 2,
      [](const Problem& problem, ScheduleBuilder& builder) {
        if (problem.rank == 0) {
          broadcast(problem, builder);
          return builder.wait(1);
        }
        const Place received = builder.receive(0, problem.bytes);
        builder.signal(0);
        builder.copy(builder.output(), received, problem.bytes);
      },
      12);
  EXPECT_EQ(found, "");
}

TEST(Rehearsal, FindsAMessageThatIsLongerThanItsReceiverThinks) {
  const auto found = fault(Operation::broadcast, 2, [](const Problem& problem, ScheduleBuilder& builder) {
    if (problem.rank == 0) return broadcast(problem, builder);
    builder.copy(builder.output(), builder.receive(0, problem.bytes - 64), problem.bytes);
  });
  EXPECT_TRUE(says(found, "beyond what it says that it uses")) << found;
}

TEST(Rehearsal, FindsUseOfMoreMemoryThanIsSaid) {
  const auto found = fault(Operation::all_reduce, 1, [](const Problem& problem, ScheduleBuilder& builder) {
    const Place space = builder.workspace(64);
    builder.copy(space, builder.input(), problem.bytes);
    builder.copy(builder.output(), space, problem.bytes);
  });
  EXPECT_TRUE(says(found, "beyond what it says that it uses")) << found;
}

TEST(Rehearsal, FindsAChangedInput) {
  const auto found = fault(Operation::all_reduce, 1, [](const Problem& problem, ScheduleBuilder& builder) {
    builder.copy(builder.output(), builder.input(), problem.bytes);
    builder.copy(builder.input(8), builder.input(), 8);
  });
  EXPECT_TRUE(says(found, "has changed its input, element 1")) << found;
}

TEST(Rehearsal, FindsACutElement) {
  const auto found = fault(Operation::all_reduce, 1, [](const Problem& problem, ScheduleBuilder& builder) {
    builder.copy(builder.output(), builder.input(), problem.bytes - 4);
    builder.copy(builder.output(problem.bytes - 4), builder.input(problem.bytes - 4), 4);
  });
  EXPECT_TRUE(says(found, "an element is cut")) << found;
}

TEST(Rehearsal, FindsALoadOfAStageThatIsFilledAgain) {
  // The reader's signal at its end is what holds the owner up: without the stage's readers named there is none.
  const auto found = fault(
      Operation::broadcast, 2,
      [](const Problem& problem, ScheduleBuilder& builder) {
        if (problem.rank == 0) {
          builder.copy(builder.stage(problem.bytes, {}), builder.input(), problem.bytes);
          builder.signal(1);
          builder.copy(builder.output(), builder.input(), problem.bytes);
          return;
        }
        builder.wait(0);
        builder.copy(builder.output(), builder.stage_of(0), problem.bytes);
      },
      12, 3);
  EXPECT_FALSE(found.empty());
}

}  // namespace
