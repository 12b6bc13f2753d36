// A responder's other faces, callbacks and completions, against a requester's: over shared memory of threads and of
// processes, and over sockets.
#include <psyne/core/completion/wait_many.hpp>
#include <psyne/core/executor/manual_executor.hpp>
#include <psyne/core/executor/thread_executor.hpp>
#include <psyne/core/task/sync_wait.hpp>
#include <psyne/core/task/task.hpp>
#include <psyne/patterns/survey/respondent.hpp>
#include <psyne/patterns/survey/surveyor.hpp>

#include "trade.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne::Completion;
using psyne_test::Answer;
using psyne_test::eventually;
using psyne_test::Query;
using psyne_test::Quote;
using psyne_test::quote_for;
using psyne_test::Request;
using psyne_test::Requester;
using psyne_test::Responder;
using psyne_test::sum_of_prices;

class Answering : public psyne_test::OverEveryScheme {
 protected:
  void SetUp() override {
    const std::string here = uri();
    there = to(here);
    responder.emplace(Responder::open(here).value());
    desk.emplace(Requester::open(there).value());
  }

  /// Asks on a thread of its own, and says what came.
  std::thread asking(std::uint64_t symbol, Answer& answer) {
    return std::thread([this, symbol, &answer] { answer = desk->ask({symbol}, 20s); });
  }

  std::string there;
  std::optional<Responder> responder;
  std::optional<Requester> desk;
};
INSTANTIATE_TEST_SUITE_P(Schemes, Answering, testing::ValuesIn(psyne_test::pattern_schemes), psyne_test::scheme_name);

psyne::Task<int> answer_some(Responder& responder, int count) {
  int answered = 0;
  while (answered < count) {
    auto request = co_await responder.receive_async(20s);
    if (!request) throw psyne::Exception(request.error());
    if (request.reply(quote_for(*request))) ++answered;
  }
  co_return answered;
}

TEST_P(Answering, ACoroutineAnswersWhoWaits) {
  std::atomic<int> right{0};
  std::thread asker([&] {
    for (std::uint64_t symbol = 0; symbol < 20; ++symbol) {
      const auto answer = desk->ask({symbol}, 20s);
      if (answer && answer->price == quote_for({symbol}).price) ++right;
    }
  });
  EXPECT_EQ(psyne::sync_wait(answer_some(*responder, 20)), 20);
  asker.join();
  EXPECT_EQ(right, 20);
}

TEST_P(Answering, ACoroutineAnswersACoroutine) {
  psyne::Result<double> sum = Code::cancelled;
  std::thread asker([&] { sum = psyne::sync_wait(sum_of_prices(*desk, 20)); });
  EXPECT_EQ(psyne::sync_wait(answer_some(*responder, 20)), 20);
  asker.join();
  ASSERT_TRUE(sum) << sum.error().text();
  EXPECT_EQ(*sum, 380.0);
}

TEST_P(Answering, ACallbackAnswersByWhatItReturns) {
  auto subscription = responder->on_request([](const Query& query) { return quote_for(query); }).value();
  for (std::uint64_t symbol = 0; symbol < 20; ++symbol) {
    const auto answer = desk->ask({symbol}, 20s);
    ASSERT_TRUE(answer) << answer.error().text();
    EXPECT_EQ(answer->price, quote_for({symbol}).price);
  }
  EXPECT_TRUE(eventually([&] { return responder->counters().answered == 20U; })) << "counted after it was sent";
}

TEST_P(Answering, ACallbackKeepsARequestAndAnotherThreadAnswersIt) {
  psyne::ThreadExecutor later;
  later.start().value();
  auto subscription =
      responder
          ->on_request([&](Request request) {
            auto kept = std::make_shared<Request>(std::move(request));
            psyne::Completer<void> now;
            now.completion().on_complete(
                [kept](const Completion<void>&) { static_cast<void>(kept->reply(quote_for(**kept))); }, later);
            now.complete({});
          })
          .value();
  std::vector<Completion<Answer>> asks;
  for (std::uint64_t symbol = 0; symbol < 50; ++symbol) asks.push_back(desk->ask_async({symbol}, 20s));
  for (std::uint64_t symbol = 0; symbol < 50; ++symbol) {
    const auto answer = asks[symbol].take();
    ASSERT_TRUE(answer) << answer.error().text();
    EXPECT_EQ(answer->symbol, symbol);
  }
}

TEST_P(Answering, CallbacksRunWhereTheProgramSays) {
  psyne::ManualExecutor loop;
  std::thread::id where;
  auto subscription = responder
                          ->on_request(
                              [&](const Query& query) {
                                where = std::this_thread::get_id();
                                return quote_for(query);
                              },
                              {.executor = &loop})
                          .value();
  auto ask = desk->ask_async({4}, 20s);
  ASSERT_TRUE(eventually([&] {
    loop.run_all();
    return ask.test();
  }));
  EXPECT_TRUE(ask.take());
  EXPECT_EQ(where, std::this_thread::get_id());
}

TEST_P(Answering, WhatACallbackThrowsReachesItsAsker) {
  auto subscription = responder
                          ->on_request([](const Query& query) -> Quote {
                            if (query.symbol == 1) throw std::runtime_error("no such symbol");
                            return quote_for(query);
                          })
                          .value();
  const auto failed = desk->ask({1}, 20s);
  EXPECT_EQ(failed.error(), Code::thrown);
  EXPECT_NE(failed.error().text().find("no such symbol"), std::string::npos) << failed.error().text();
  EXPECT_TRUE(desk->ask({2}, 20s)) << "it goes on";
}

TEST_P(Answering, ACallbackThatThrowsARequestAwayEnds) {
  auto subscription =
      responder->on_request([](const Request&) { throw std::runtime_error("broken"); }).value();  // NOLINT
  EXPECT_EQ(desk->ask({1}, 20s).error(), Code::cancelled);
  EXPECT_EQ(subscription.ended().take().error(), Code::thrown);
}

TEST_P(Answering, AfterTheSubscriptionQueriesAreTakenInLine) {
  auto subscription = responder->on_request([](const Query& query) { return quote_for(query); }).value();
  EXPECT_TRUE(desk->ask({1}, 20s));
  EXPECT_EQ(responder->receive(20s).error(), Code::invalid_state);
  EXPECT_EQ(responder->receive_async(20s).take().error(), Code::invalid_state);
  subscription.stop();
  auto ask = desk->ask_async({2}, 20s);
  auto request = responder->receive(20s);
  ASSERT_TRUE(request) << request.error().text();
  EXPECT_TRUE(request.reply(quote_for(*request)));
  EXPECT_TRUE(ask.take());
}

TEST_P(Answering, AThreadThatWaitsForAnAsynchronousReceiveTakesTheQueryItself) {
  auto pending = responder->receive_async(20s);
  EXPECT_FALSE(pending.test());
  Answer answer(Code::cancelled);
  auto asker = asking(7, answer);
  auto request = pending.take();
  ASSERT_TRUE(request) << request.error().text();
  EXPECT_EQ(request->symbol, 7U);
  EXPECT_TRUE(request.reply(quote_for(*request)));
  asker.join();
  EXPECT_TRUE(answer) << answer.error().text();
}

TEST_P(Answering, SeveralPendingGetAQueryEach) {
  std::vector<Completion<Request>> pending;
  for (int i = 0; i < 5; ++i) pending.push_back(responder->receive_async(20s));
  std::vector<Completion<Answer>> asks;
  for (std::uint64_t symbol = 0; symbol < 5; ++symbol) asks.push_back(desk->ask_async({symbol}, 20s));
  for (std::uint64_t symbol = 0; symbol < 5; ++symbol) {
    auto request = pending[symbol].take();
    ASSERT_TRUE(request) << request.error().text();
    EXPECT_EQ(request->symbol, symbol);
    EXPECT_TRUE(request.reply(quote_for(*request)));
  }
  for (const auto& ask : asks) EXPECT_TRUE(ask.take());
}

TEST_P(Answering, WhileOneIsPendingNobodyElseReceives) {
  auto pending = responder->receive_async();
  EXPECT_EQ(responder->receive(1s).error(), Code::invalid_state);
  EXPECT_EQ(responder->try_receive().error(), Code::invalid_state);
  EXPECT_EQ(responder->on_request([](const Query& query) { return quote_for(query); }).error(), Code::invalid_state);
  EXPECT_TRUE(pending.cancel());
  EXPECT_TRUE(pending.wait(20s));
  EXPECT_EQ(pending.status(), psyne::CompletionStatus::cancelled);
  EXPECT_EQ(responder->try_receive().error(), Code::would_block);
}

TEST_P(Answering, OneToWhichNobodyRefersTakesNoQuery) {
  for (int i = 0; i < 10; ++i) static_cast<void>(responder->receive_async());
  auto ask = desk->ask_async({3}, 20s);
  auto request = responder->receive(20s);
  ASSERT_TRUE(request) << request.error().text();
  EXPECT_EQ(request->symbol, 3U);
  EXPECT_TRUE(request.reply(quote_for(*request)));
  EXPECT_TRUE(ask.take());
}

TEST_P(Answering, ItsOwnLimitsEndAReceive) {
  EXPECT_EQ(responder->receive_async(5ms).take().error(), Code::timed_out);
  psyne::StopSource source;
  auto pending = responder->receive_async(source.token());
  source.request_stop();
  EXPECT_EQ(pending.take().error(), Code::stopped);
}

TEST_P(Answering, ARequesterThatGoesIsNoErrorOfWhoWaits) {
  auto pending = responder->receive_async();
  {
    auto other = Requester::open(there).value();
    EXPECT_TRUE(eventually([&] { return other.responders() == 1U; }));
  }
  auto ask = desk->ask_async({9}, 20s);
  auto request = pending.take();
  ASSERT_TRUE(request) << request.error().text();
  EXPECT_EQ(request->symbol, 9U);
}

TEST_P(Answering, QueriesForWhichNobodyWaitsArePassedOver) {
  if (!maps()) GTEST_SKIP() << "without a common clock a query has its whole time at the responder";
  {
    auto subscription = responder->on_request([](const Query& query) { return quote_for(query); }).value();
    EXPECT_TRUE(desk->ask({0}, 20s)) << "they have met: what follows is sent in time";
  }
  for (const bool by_callback : {false, true}) {
    EXPECT_EQ(desk->ask({1}, 30ms).error(), Code::timed_out);
    auto ask = desk->ask_async({2}, 20s);
    if (by_callback) {
      auto subscription = responder->on_request([](const Query& query) { return quote_for(query); }).value();
      EXPECT_TRUE(ask.take());
    } else {
      auto request = responder->receive_async(20s).take();
      ASSERT_TRUE(request) << request.error().text();
      EXPECT_EQ(request->symbol, 2U);
    }
    EXPECT_EQ(responder->counters().expired, by_callback ? 2U : 1U);
  }
}

TEST_P(Answering, AResponderThatGoesEndsWhatIsPending) {
  auto pending = responder->receive_async();
  responder.reset();
  EXPECT_EQ(pending.take().error(), Code::closed);
}

TEST_P(Answering, AResponderThatGoesEndsItsSubscription) {
  auto subscription = responder->on_request([](const Query& query) { return quote_for(query); }).value();
  EXPECT_TRUE(desk->ask({1}, 20s));
  responder.reset();
  EXPECT_TRUE(subscription.ended().test());
  EXPECT_FALSE(desk->ask({2}, 20ms));
}

TEST_P(Answering, ACallbackMayDestroyItsResponder) {
  auto subscription = responder
                          ->on_request([this](Request request) {
                            static_cast<void>(request.reply(quote_for(*request)));
                            responder.reset();
                          })
                          .value();
  EXPECT_TRUE(desk->ask({1}, 20s));
  EXPECT_TRUE(subscription.ended().wait(20s));
}

TEST_P(Answering, OneThatWasMovedFromSaysSo) {
  Responder moved = std::move(*responder);
  EXPECT_EQ(responder->receive_async().take().error(), Code::invalid_state);
  EXPECT_EQ(responder->on_request([](const Query& query) { return quote_for(query); }).error(), Code::invalid_state);
  auto ask = desk->ask_async({1}, 20s);
  EXPECT_TRUE(moved.receive_async(20s).take());
}

// While one thread serves, requests that went out before are answered by others: none of the answers is torn or lost.
TEST_P(Answering, RequestsThatAreOutAreAnsweredWhileACallbackAnswers) {
  constexpr std::uint64_t kept = 20;
  std::vector<Completion<Answer>> first;
  for (std::uint64_t symbol = 0; symbol < kept; ++symbol) first.push_back(desk->ask_async({symbol}, 20s));
  std::vector<Request> requests;
  for (std::uint64_t symbol = 0; symbol < kept; ++symbol) requests.push_back(responder->receive_async(20s).take());
  auto subscription = responder->on_request([](const Query& query) { return quote_for(query); }).value();
  std::thread answerer([&] {
    for (Request& request : requests) static_cast<void>(request.reply(quote_for(*request)));
  });
  std::vector<Completion<Answer>> second;
  for (std::uint64_t symbol = 0; symbol < 200; ++symbol) second.push_back(desk->ask_async({symbol}, 20s));
  answerer.join();
  for (std::uint64_t symbol = 0; symbol < kept; ++symbol) EXPECT_EQ(first[symbol].take()->symbol, symbol);
  for (std::uint64_t symbol = 0; symbol < 200; ++symbol) EXPECT_EQ(second[symbol].take()->symbol, symbol);
}

// References go at every moment of an operation's life; each query is answered, or its asker is told that it was not.
TEST_P(Answering, ReferencesThatGoAtAnyMomentLeaveNoAskerWaiting) {
  std::atomic<bool> over{false};
  std::thread asker([&] {
    for (std::uint64_t symbol = 0; symbol < 300; ++symbol) {
      const auto answer = desk->ask({symbol}, 20s);
      EXPECT_TRUE(answer || answer.error() == Code::cancelled) << answer.error().text();
    }
    over = true;
  });
  for (unsigned turn = 0; !over; ++turn) {
    auto pending = responder->receive_async();
    for (unsigned looks = 0; looks < turn % 64 * 16 && !pending.test(); ++looks) psyne::StandardAtomics::pause();
    if (turn % 3 == 0 || !pending.wait(1ms)) continue;
    if (auto request = pending.take()) static_cast<void>(request.reply(quote_for(*request)));
  }
  asker.join();
}

TEST_P(Answering, ASubscriberMayDropTheLastReference) {
  std::atomic<int> told{0};
  for (int i = 0; i < 20; ++i) {
    responder->receive_async(20s).on_complete([&told](Completion<Request> completion) {
      auto request = completion.take();
      completion = {};
      if (request && request.reply(quote_for(*request))) ++told;
    });
    EXPECT_TRUE(desk->ask({1}, 20s));
  }
  EXPECT_TRUE(eventually([&] { return told == 20; })) << told;
}

TEST_P(Answering, AWaitForSeveralThingsTakesIt) {
  auto pending = responder->receive_async(20s);
  auto slow = psyne::sleep_async(20s);
  auto ask = desk->ask_async({6}, 20s);
  EXPECT_EQ(psyne::wait_any({pending, slow}).value(), 0U);
  EXPECT_EQ(pending.take()->symbol, 6U);
  slow.cancel();
}

TEST(AnsweringSurveys, ByACallback) {
  const std::string name = "ipc://test-survey-faces-" + std::to_string(getpid());
  auto respondent = psyne::Respondent<Query, Quote>::open(name).value();
  auto subscription = respondent.on_request([](const Query& query) { return quote_for(query); }).value();
  auto surveyor = psyne::Surveyor<Query, Quote>::open(name).value();
  ASSERT_TRUE(eventually([&] { return surveyor.respondents() == 1U; }));
  auto survey = surveyor.ask({5}, 20s);
  auto vote = survey.next();
  ASSERT_TRUE(vote);
  EXPECT_EQ((*vote)->price, 10.0);
}

}  // namespace
