// Ranks that call different things: all of them are told who called what, and none waits for ever.
#include "collectives/communicator/ranks.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using collectives_test::with_ranks;
using psyne::Code;
using psyne::Communicator;
using psyne::CommunicatorOptions;
using psyne::Op;
using psyne::Rank;
using psyne::Result;

class DisagreementOver : public testing::TestWithParam<std::string> {
 protected:
  /// What each rank's body ended with. No rank closes before all have ended.
  std::vector<Result<void>> ends(Rank size, const std::function<Result<void>(Communicator&)>& body) {
    std::vector<Result<void>> ended(static_cast<std::size_t>(size), Result<void>(Code::unsupported));
    std::atomic<Rank> done{0};
    with_ranks(
        size,
        [&](Communicator& world) {
          const auto began = psyne::Clock::now();
          ended[static_cast<std::size_t>(world.rank())] = body(world);
          EXPECT_LT(psyne::Clock::now() - began, 30s) << "it is to be found out, not waited for";
          ++done;
          while (done < size) std::this_thread::sleep_for(1ms);
        },
        [&](CommunicatorOptions& options) { options.transports = {GetParam()}; });
    return ended;
  }

  static void expect(const Result<void>& end, const std::vector<std::string>& parts) {
    ASSERT_FALSE(end);
    EXPECT_EQ(end.error(), Code::invalid_state) << end.error().text();
    for (const std::string& part : parts) {
      EXPECT_NE(end.error().text().find(part), std::string::npos) << part << " in: " << end.error().text();
    }
  }
};

// One of four differs, each rank in turn, in each argument: whatever the schedules, all hear of it.
TEST_P(DisagreementOver, AllRanksAreToldWhoCalledWhat) {
  struct Difference {
    std::string usual, other;
    std::function<Result<void>(Communicator&, bool differs)> call;
  };
  const std::array<Difference, 6> differences{{
      {"all_reduce of 4 f32, sum", "all_reduce of 8 f32, sum",
       [](Communicator& world, bool differs) {
         std::vector<float> data(differs ? 8 : 4);
         return world.all_reduce(data, Op::sum, 60s);
       }},
      {"all_reduce of 100000 f32, sum", "all_reduce of 99999 f32, sum",
       [](Communicator& world, bool differs) {
         std::vector<float> data(differs ? 99'999 : 100'000);
         return world.all_reduce(data, Op::sum, 60s);
       }},
      {"all_reduce of 4 f32, sum", "all_reduce of 4 f32, max",
       [](Communicator& world, bool differs) {
         std::vector<float> data(4);
         return world.all_reduce(data, differs ? Op::max : Op::sum, 60s);
       }},
      {"all_gather of 4 i32", "all_gather of 4 f32",
       [](Communicator& world, bool differs) {
         std::vector<float> floats(4), all_floats(16);
         std::vector<int> integers(4), all_integers(16);
         return differs ? world.all_gather(floats, all_floats, 60s) : world.all_gather(integers, all_integers, 60s);
       }},
      {"barrier", "all_reduce of 1 i32, sum",
       [](Communicator& world, bool differs) {
         std::array<int, 1> one{};
         return differs ? world.all_reduce(one, Op::sum, 60s) : world.barrier(60s);
       }},
      {"all_to_all of 3 f64", "all_gather of 3 f64",
       [](Communicator& world, bool differs) {
         std::vector<double> in(12), out(12), block(3);
         return differs ? world.all_gather(block, out, 60s) : world.all_to_all(in, out, 60s);
       }},
  }};
  for (const Difference& difference : differences) {
    for (Rank odd = 0; odd < 4; ++odd) {
      const auto ended = ends(4, [&](Communicator& world) { return difference.call(world, world.rank() == odd); });
      for (Rank rank = 0; rank < 4; ++rank) {
        SCOPED_TRACE("rank " + std::to_string(rank) + ", another is " + std::to_string(odd) + ": " + difference.other);
        expect(ended[static_cast<std::size_t>(rank)],
               {"operation 1 ", difference.usual, difference.other, "rank " + std::to_string(odd) + " (host "});
      }
    }
  }
}

TEST_P(DisagreementOver, AnotherOrderIsFoundOut) {
  const auto ended = ends(3, [](Communicator& world) -> Result<void> {
    std::vector<int> data(3);
    const auto reduce = [&] { return world.all_reduce(data, Op::sum, 60s); };
    if (auto together = reduce(); !together) return together;
    if (world.rank() != 1) {
      auto first = world.barrier(60s);
      return first ? reduce() : first;
    }
    auto first = reduce();
    return first ? world.barrier(60s) : first;
  });
  for (const auto& end : ended) {
    expect(end, {"operation 2 ", "rank 1 (host ", "calls barrier", "calls all_reduce of 3 i32, sum"});
  }
}

// A root may be through before the others find out, and others may take its next signal for this one: they hear of it
// by one of the next operations.
TEST_P(DisagreementOver, AnotherRootIsFoundOut) {
  const auto ended = ends(4, [](Communicator& world) {
    std::vector<double> data(2);
    auto done = world.broadcast(data, world.rank() == 2 ? 2 : 0, 60s);
    for (int later = 0; later < 3 && done; ++later) done = world.barrier(60s);
    return done;
  });
  for (const auto& end : ended) expect(end, {"broadcast of 2 f64, root 0", "broadcast of 2 f64, root 2"});
}

TEST_P(DisagreementOver, WhoEntersLaterIsToldAsWell) {
  const auto ended = ends(3, [](Communicator& world) {
    std::vector<int> data(world.rank() == 0 ? 5 : 6);
    if (world.rank() == 2) std::this_thread::sleep_for(300ms);
    return world.all_reduce(data, Op::sum, 60s);
  });
  for (const auto& end : ended) expect(end, {"all_reduce of 5 i32, sum", "all_reduce of 6 i32, sum", "rank 0 (host "});
}

TEST_P(DisagreementOver, TheCommunicatorIsBrokenThen) {
  const auto ended = ends(2, [](Communicator& world) -> Result<void> {
    std::vector<int> data(world.rank() == 0 ? 5 : 6);
    static_cast<void>(world.all_reduce(data, Op::sum, 60s));
    return world.barrier(60s);
  });
  for (const auto& end : ended) expect(end, {"all_reduce of 5 i32, sum", "all_reduce of 6 i32, sum"});
}

// Three of five have not entered: all three are named, by those who wait.
TEST_P(DisagreementOver, WhoHasNotEnteredIsNamed) {
  const auto ended = ends(5, [](Communicator& world) -> Result<void> {
    if (auto together = world.barrier(60s); !together) return together;
    if (world.rank() >= 2) {
      std::this_thread::sleep_for(700ms);
      return {};
    }
    return world.barrier(world.rank() == 0 ? 300ms : 60s);
  });
  ASSERT_FALSE(ended[0]);
  EXPECT_EQ(ended[0].error(), Code::timed_out);
  const std::string text = ended[0].error().text();
  for (const char* part : {"rank 2 (host ", "rank 3 (host ", "rank 4 (host ", "have not entered", "operation 2"}) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  }
  EXPECT_EQ(text.find("rank 1 (host "), std::string::npos) << text;
  // The other waits no longer than the one who gave up, and hears who did.
  ASSERT_FALSE(ended[1]);
  EXPECT_EQ(ended[1].error(), Code::timed_out) << ended[1].error().text();
  EXPECT_NE(ended[1].error().text().find("rank 0 (host "), std::string::npos) << ended[1].error().text();
}

TEST_P(DisagreementOver, AnAbortEndsEverybodysWait) {
  const auto ended = ends(4, [](Communicator& world) -> Result<void> {
    if (auto together = world.barrier(60s); !together) return together;
    if (world.rank() != 3) return world.barrier(60s);
    std::thread other([&] {
      std::this_thread::sleep_for(100ms);
      world.abort("the loss is not a number");
      world.abort("twice is once");
    });
    auto first = world.barrier(60s);  // of which the rest wait for the second
    other.join();
    return first ? world.barrier(60s) : first;
  });
  for (const auto& end : ended) {
    if (end) continue;
    EXPECT_EQ(end.error(), Code::cancelled) << end.error().text();
    EXPECT_NE(end.error().text().find("the loss is not a number"), std::string::npos) << end.error().text();
  }
  EXPECT_FALSE(ended[3]);
}

TEST_P(DisagreementOver, AnAbortOfWhoDoesNothingEndsTheOthersWait) {
  const auto ended = ends(3, [](Communicator& world) -> Result<void> {
    if (world.rank() == 1) {
      std::this_thread::sleep_for(150ms);
      world.abort("it is enough");
    }
    return world.barrier(60s);
  });
  for (const auto& end : ended) {
    ASSERT_FALSE(end);
    EXPECT_EQ(end.error(), Code::cancelled) << end.error().text();
    EXPECT_NE(end.error().text().find("it is enough"), std::string::npos) << end.error().text();
  }
}

TEST_P(DisagreementOver, AStopOfOneEndsTheOthersWait) {
  psyne::StopSource source;
  const auto ended = ends(3, [&](Communicator& world) -> Result<void> {
    if (world.rank() == 2) {
      std::this_thread::sleep_for(100ms);
      source.request_stop();
      return {};
    }
    return world.barrier(
        psyne::Wait(psyne::Clock::now() + 60s, world.rank() == 0 ? source.token() : psyne::StopToken()));
  });
  ASSERT_FALSE(ended[0]);
  EXPECT_EQ(ended[0].error(), Code::stopped) << ended[0].error().text();
  ASSERT_FALSE(ended[1]);
  EXPECT_EQ(ended[1].error(), Code::cancelled) << ended[1].error().text();
}

INSTANTIATE_TEST_SUITE_P(Transport, DisagreementOver, testing::Values("memory", "ipc", "tcp"),
                         [](const auto& transport) { return transport.param; });

}  // namespace
