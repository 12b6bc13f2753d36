#include <psyne/core/completion/completer.hpp>
#include <psyne/core/completion/wait_many.hpp>
#include <psyne/core/stop/stop_source.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::AnyCompletion;
using psyne::as_completed;
using psyne::Code;
using psyne::Completer;
using psyne::Completion;
using psyne::StopSource;
using psyne::wait_all;
using psyne::wait_any;

struct Several : testing::Test {
  Completer<int> number{{.what = "cannot count"}};
  Completer<std::string> word{{.what = "cannot read"}};
  Completer<void> nothing{{.what = "cannot enter barrier 3"}};
};

TEST_F(Several, AnyGivesTheOneThatHasFinished) {
  const auto a = number.completion();
  const auto b = word.completion();
  const auto c = nothing.completion();
  word.complete("hello");
  EXPECT_EQ(wait_any({a, b, c}).value(), 1u);
  std::thread later([&] {
    std::this_thread::sleep_for(3ms);
    nothing.complete({});
  });
  EXPECT_EQ(wait_any({a, c}, 60s).value(), 1u);
  later.join();
}

TEST_F(Several, AnyEndsByDeadlineAndStopAndNamesAnOperation) {
  const auto a = number.completion();
  const auto b = word.completion();
  const auto late = wait_any({a, b}, 3ms);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().text(), "cannot count, nor any of 1 others: the deadline passed.");
  const StopSource source;
  source.request_stop();
  EXPECT_EQ(wait_any({a, b}, source.token()).error(), Code::stopped);
  number.complete(1);  // nobody listens any more
  EXPECT_EQ(wait_any({b, a}).value(), 1u);
}

TEST_F(Several, AnyOfNothingIsAnError) {
  EXPECT_EQ(wait_any(std::vector<Completion<int>>()).error(), Code::invalid_argument);
  EXPECT_EQ(wait_any({AnyCompletion(), number.completion()}, 1s).error(), Code::invalid_state);
}

TEST_F(Several, AllWaitsForTheLast) {
  const auto a = number.completion();
  const auto b = word.completion();
  const auto c = nothing.completion();
  number.complete(1);
  word.complete(Code::closed);  // failing is finishing
  EXPECT_EQ(wait_all({a, b, c}, 3ms).error().text(), "cannot enter barrier 3: the deadline passed.");
  std::thread later([&] { nothing.complete({}); });
  EXPECT_TRUE(wait_all({a, b, c}, 60s));
  later.join();
  EXPECT_TRUE(wait_all(std::vector<AnyCompletion>()));
}

TEST_F(Several, AsCompletedGivesThemInTheOrderOfTheirEnd) {
  auto order = as_completed({number.completion(), word.completion(), nothing.completion()});
  EXPECT_EQ(order.waiting(), 3u);
  EXPECT_EQ(order.next(2ms).error(), Code::timed_out);
  nothing.complete({});
  number.complete(1);
  EXPECT_EQ(order.next().value(), 2u);
  EXPECT_EQ(order.next().value(), 0u);
  EXPECT_EQ(order.next(2ms).error().text(), "cannot read: the deadline passed.");
  word.complete("x");
  EXPECT_EQ(order.next().value(), 1u);
  EXPECT_EQ(order.next().error(), Code::closed);
}

TEST_F(Several, AsCompletedMayBeLeftEarly) {
  { auto order = as_completed({number.completion(), AnyCompletion()}); }
  number.complete(1);
  auto order = as_completed({AnyCompletion(), number.completion()});
  EXPECT_EQ(order.next().value(), 1u);
  EXPECT_EQ(order.next().error(), Code::closed);
}

TEST(AsCompleted, LoopsOverAllFromManyThreads) {
  constexpr std::size_t count = 400;
  for (int round = 0; round < 10; ++round) {
    std::deque<Completer<std::size_t>> completers(count);
    std::vector<Completion<std::size_t>> completions;
    for (auto& completer : completers) completions.push_back(completer.completion());
    std::vector<std::thread> producers;
    for (std::size_t first = 0; first < 2; ++first) {
      producers.emplace_back([&, first] {
        for (std::size_t i = first; i < count; i += 2) completers[i].complete(i);
      });
    }
    std::vector<std::size_t> seen;
    for (const std::size_t number : as_completed(completions)) {
      EXPECT_EQ(completions[number].get(), number);
      seen.push_back(number);
    }
    for (std::thread& producer : producers) producer.join();
    std::sort(seen.begin(), seen.end());
    ASSERT_EQ(seen.size(), count);
    EXPECT_EQ(std::unique(seen.begin(), seen.end()), seen.end());
  }
}

// The waiter leaves, and its parker with it, while others are still finishing and waking.
TEST(WaitAny, LeavingWhileOthersFinish) {
  for (int round = 0; round < 300; ++round) {
    std::deque<Completer<int>> completers(3);
    std::vector<Completion<int>> completions;
    for (auto& completer : completers) completions.push_back(completer.completion());
    std::vector<std::thread> producers;
    for (auto& completer : completers) producers.emplace_back([&] { completer.complete(1); });
    const auto first = wait_any(completions, 60s);
    ASSERT_TRUE(first);
    EXPECT_TRUE(completions[*first].test());
    for (std::thread& producer : producers) producer.join();
  }
}

}  // namespace
