// Asynchronous asks by every face that completions have: waiting, callbacks, co_await; dropped, and left behind.
#include <psyne/core/executor/thread_executor.hpp>
#include <psyne/core/task/sync_wait.hpp>
#include <psyne/core/task/task.hpp>

#include "trade.hpp"

#include <atomic>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne_test::Answer;
using psyne_test::eventually;
using psyne_test::Requester;
using psyne_test::Responder;
using psyne_test::serving;
using psyne_test::sum_of_prices;

class AskingAsync : public psyne_test::OverEveryScheme {};
INSTANTIATE_TEST_SUITE_P(Schemes, AskingAsync, testing::ValuesIn(psyne_test::pattern_schemes), psyne_test::scheme_name);

TEST_P(AskingAsync, ACoroutineAwaitsAnswers) {
  const std::string name = uri();
  const auto quotes = serving(name);
  auto desk = Requester::open(to(name)).value();
  EXPECT_EQ(psyne::sync_wait(sum_of_prices(desk, 10)), 90.0);
}

TEST_P(AskingAsync, CallbacksAreGivenTheAnswers) {
  const std::string name = uri();
  const auto quotes = serving(name);
  auto desk = Requester::open(to(name)).value();
  std::atomic<int> right{0};
  for (std::uint64_t symbol = 0; symbol < 50; ++symbol) {
    desk.ask_async({symbol}, 20s).on_complete([&right, symbol](const psyne::Completion<Answer>& ask) {
      const auto answer = ask.take();
      if (answer && answer->symbol == symbol) ++right;
    });
  }
  EXPECT_TRUE(eventually([&] { return right == 50; })) << right;
}

TEST_P(AskingAsync, AnswersAreTakenInWhereTheProgramSays) {
  const std::string name = uri();
  const auto quotes = serving(name);
  psyne::ThreadExecutor executor;
  executor.start().value();
  auto desk = Requester::open(to(name), {.executor = &executor}).value();
  std::vector<psyne::Completion<Answer>> pending;
  for (std::uint64_t symbol = 0; symbol < 200; ++symbol) pending.push_back(desk.ask_async({symbol}, 20s));
  for (std::uint64_t symbol = 0; symbol < 200; ++symbol) {
    const auto answer = pending[symbol].take();
    ASSERT_TRUE(answer) << answer.error().text();
    EXPECT_EQ(answer->symbol, symbol);
  }
}

TEST_P(AskingAsync, WhatNobodyRefersToIsNoHarm) {
  const std::string name = uri();
  auto quotes = serving(name);
  auto desk = Requester::open(to(name)).value();
  for (std::uint64_t symbol = 0; symbol < 100; ++symbol) static_cast<void>(desk.ask_async({symbol}, 20s));
  const auto answer = desk.ask_async({100}, 20s).take();
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->symbol, 100U);
  EXPECT_TRUE(eventually([&] { return quotes.responder().counters().answered == 101U; }));
}

TEST_P(AskingAsync, ARequesterThatGoesEndsItsAsks) {
  const std::string name = uri();
  auto responder = Responder::open(name).value();
  std::optional<Requester> desk(Requester::open(to(name)).value());
  auto pending = desk->ask_async({1});
  auto asked = pending;
  desk.reset();
  ASSERT_TRUE(asked.test());
  EXPECT_EQ(asked.take().error(), Code::closed);
}

TEST_P(AskingAsync, AnAnswerOutlivesItsRequester) {
  const std::string name = uri();
  const auto quotes = serving(name);
  std::optional<Requester> desk(Requester::open(to(name)).value());
  const auto answer = desk->ask_async({21}, 20s).take();
  desk.reset();
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->price, 42.0);
}

TEST_P(AskingAsync, DeadlinesOfManyAreKeptByThemselves) {
  const std::string name = uri();
  auto responder = Responder::open(name).value();
  auto desk = Requester::open(to(name)).value();
  std::vector<psyne::Completion<Answer>> pending;
  for (std::uint64_t symbol = 0; symbol < 20; ++symbol) {
    pending.push_back(desk.ask_async({symbol}, 50ms + symbol % 3 * 10ms));
  }
  auto patient = desk.ask_async({100}, 1h);
  for (const auto& ask : pending) EXPECT_EQ(ask.take().error(), Code::timed_out);
  EXPECT_FALSE(patient.test());
  EXPECT_TRUE(patient.cancel());
  EXPECT_TRUE(patient.wait(10s));
}

}  // namespace
