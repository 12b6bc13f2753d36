// Asking and answering, over every transport: what arrives, in which order, and what is told when it does not.
#include "trade.hpp"

#include <atomic>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne::Error;
using psyne_test::Answer;
using psyne_test::eventually;
using psyne_test::Query;
using psyne_test::Quote;
using psyne_test::quote_for;
using psyne_test::Request;
using psyne_test::Requester;
using psyne_test::Responder;
using psyne_test::Serving;
using psyne_test::serving;

class Asking : public psyne_test::OverEveryScheme {};
INSTANTIATE_TEST_SUITE_P(Schemes, Asking, testing::ValuesIn(psyne_test::pattern_schemes), psyne_test::scheme_name);

void expect_quote(const Answer& answer, std::uint64_t symbol) {
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->symbol, symbol);
  EXPECT_EQ(answer->price, quote_for({symbol}).price);
}

TEST_P(Asking, TheAnswerComesBackWhoeverCameFirst) {
  for (const bool asker_first : {true, false}) {
    const std::string name = uri();
    std::optional<Requester> desk;
    if (asker_first) desk = Requester::open(to(name)).value();
    const auto quotes = serving(name);
    if (!asker_first) desk = Requester::open(to(name)).value();
    for (std::uint64_t symbol = 0; symbol < 100; ++symbol) expect_quote(desk->ask({symbol}, 10s), symbol);
    EXPECT_EQ(desk->responders(), 1U);
    EXPECT_EQ(desk->late(), 0U);
  }
}

TEST_P(Asking, AnAnswerSaysWhoGaveIt) {
  const std::string name = uri();
  auto quotes = Serving(name, quote_for, {.name = "prices"});
  auto desk = Requester::open(to(name)).value();
  const auto answer = desk.ask({1}, 10s);
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer.responder(), quotes.responder().id());
  EXPECT_NE(answer.who().find("prices"), std::string::npos) << answer.who();
}

TEST_P(Asking, ARequestSaysWhoAsksAndUntilWhen) {
  const std::string name = uri();
  auto responder = Responder::open(name).value();
  auto desk = Requester::open(to(name), {.name = "desk"}).value();
  const auto before = psyne::Clock::now();
  auto pending = desk.ask_async({7}, 1h);
  auto request = responder.receive(10s);
  ASSERT_TRUE(request) << request.error().text();
  EXPECT_EQ(request->symbol, 7U);
  EXPECT_EQ(request.requester(), desk.id());
  EXPECT_NE(request.who().find("desk"), std::string::npos) << request.who();
  const psyne::Deadline until = request.deadline();
  EXPECT_GE(until, before + 59min);
  EXPECT_LE(until, psyne::Clock::now() + 1h);
  EXPECT_EQ(request.deadline(), until) << "it does not move while the request is held";
  request.reply(quote_for(*request)).value();
  expect_quote(pending.take(), 7);
}

TEST_P(Asking, WithoutADeadlineNobodyStopsWaiting) {
  const std::string name = uri();
  auto responder = Responder::open(name).value();
  auto desk = Requester::open(to(name)).value();
  auto pending = desk.ask_async({7});
  auto request = responder.receive(10s);
  ASSERT_TRUE(request) << request.error().text();
  EXPECT_EQ(request.deadline(), psyne::no_deadline);
  request.reply(quote_for(*request)).value();
  expect_quote(pending.take(), 7);
}

TEST_P(Asking, ManyInFlightComeBackInAnyOrder) {
  const std::string name = uri();
  auto responder = Responder::open(name).value();
  auto desk = Requester::open(to(name)).value();
  std::vector<psyne::Completion<Answer>> pending;
  std::vector<Request> requests;
  for (std::uint64_t symbol = 0; symbol < 200; ++symbol) pending.push_back(desk.ask_async({symbol}, 20s));
  for (std::uint64_t symbol = 0; symbol < 200; ++symbol) {
    requests.push_back(responder.receive(10s));
    ASSERT_TRUE(requests.back()) << requests.back().error().text();
  }
  for (; !requests.empty(); requests.pop_back()) requests.back().reply(quote_for(*requests.back())).value();
  for (std::uint64_t symbol = 0; symbol < 200; ++symbol) expect_quote(pending[symbol].take(), symbol);
}

TEST_P(Asking, ARequestMayBeAnsweredByAnotherThread) {
  const std::string name = uri();
  std::vector<std::thread> threads;
  {
    auto quotes = Serving(name, [&](Request request) {
      threads.emplace_back([kept = std::move(request)]() mutable { EXPECT_TRUE(kept.reply(quote_for(*kept))); });
    });
    auto desk = Requester::open(to(name)).value();
    std::vector<psyne::Completion<Answer>> pending;
    for (std::uint64_t symbol = 0; symbol < 30; ++symbol) pending.push_back(desk.ask_async({symbol}, 20s));
    for (std::uint64_t symbol = 0; symbol < 30; ++symbol) expect_quote(pending[symbol].take(), symbol);
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_P(Asking, AsksInLineAndAsynchronousOnesMix) {
  const std::string name = uri();
  const auto quotes = serving(name);
  auto desk = Requester::open(to(name)).value();
  for (std::uint64_t round = 0; round < 4; ++round) {
    auto pending = desk.ask_async({round}, 20s);
    for (std::uint64_t symbol = 100; symbol < 140; ++symbol) expect_quote(desk.ask({symbol}, 20s), symbol);
    expect_quote(pending.take(), round);
  }
}

TEST_P(Asking, SeveralAskersGetTheirOwnAnswers) {
  const std::string name = uri();
  const auto quotes = serving(name);
  std::vector<std::thread> desks;
  for (std::uint64_t number = 0; number < 4; ++number) {
    desks.emplace_back([&, number] {
      auto desk = Requester::open(to(name)).value();
      for (std::uint64_t i = 0; i < 200; ++i) expect_quote(desk.ask({number * 1000 + i}, 20s), number * 1000 + i);
    });
  }
  for (std::thread& desk : desks) desk.join();
}

TEST_P(Asking, SeveralRespondersShareTheQueries) {
  const std::string name = uri();
  auto one = serving(to(name));
  auto other = serving(to(name));
  auto desk = Requester::open(name).value();
  ASSERT_TRUE(eventually([&] { return desk.responders() == 2; }));
  std::map<std::uint64_t, int> by;
  for (std::uint64_t symbol = 0; symbol < 100; ++symbol) {
    const auto answer = desk.ask({symbol}, 20s);
    expect_quote(answer, symbol);
    ++by[answer.responder().value];
  }
  EXPECT_EQ(by[one.responder().id().value], 50);
  EXPECT_EQ(by[other.responder().id().value], 50);
}

TEST_P(Asking, ABusyResponderGetsFewer) {
  const std::string name = uri();
  auto busy = Responder::open(to(name)).value();
  auto desk = Requester::open(name).value();
  auto stuck = desk.ask_async({0}, 60s);
  auto request = busy.receive(10s);  // and it takes its time
  ASSERT_TRUE(request) << request.error().text();
  auto quick = serving(to(name));
  // It is waited for a moment, and on a busy machine that may be too short: then the other is asked once more.
  ASSERT_TRUE(eventually([&] {
    const auto answer = desk.ask_async({1}, 100ms).take();
    return answer && answer.responder() == quick.responder().id();
  }));
  for (std::uint64_t symbol = 1; symbol < 50; ++symbol) {
    const auto answer = desk.ask_async({symbol}, 20s).take();
    expect_quote(answer, symbol);
    EXPECT_EQ(answer.responder(), quick.responder().id());
  }
  request.reply(quote_for(*request)).value();
  expect_quote(stuck.take(), 0);
}

TEST_P(Asking, WhatACallableThrowsReachesTheAsker) {
  const std::string name = uri();
  const std::string words = "no price for that symbol, because " + std::string(300, 'x') + " of the end";
  auto quotes = Serving(name, [&](const Query& query) -> Quote {
    if (query.symbol % 2 != 0) throw std::runtime_error(words);
    return quote_for(query);
  });
  auto desk = Requester::open(to(name)).value();
  for (std::uint64_t symbol = 0; symbol < 6; ++symbol) {
    for (const bool in_line : {true, false}) {
      const auto answer = in_line ? desk.ask({symbol}, 10s) : desk.ask_async({symbol}, 10s).take();
      if (symbol % 2 == 0) {
        expect_quote(answer, symbol);
      } else {
        EXPECT_EQ(answer.error(), Code::thrown);
        EXPECT_NE(answer.error().text().find(words), std::string::npos) << answer.error().text();
        EXPECT_NE(answer.error().text().find(to(name)), std::string::npos);
      }
    }
  }
  // An answer is counted once it has gone, so the asker may be quicker.
  const auto counters = [&] { return quotes.responder().counters(); };
  EXPECT_TRUE(eventually([&] { return counters().failed == 6 && counters().answered == 6; }));
}

TEST_P(Asking, AnErrorThatACallableReturnsReachesTheAsker) {
  const std::string name = uri();
  auto quotes = Serving(name, [](const Query& query) -> psyne::Result<Quote> {
    if (query.symbol == 1) return Error(Code::not_found, "cannot price symbol 1").because("nobody trades it");
    return quote_for(query);
  });
  auto desk = Requester::open(to(name)).value();
  const auto answer = desk.ask({1}, 10s);
  EXPECT_EQ(answer.error(), Code::not_found);
  EXPECT_NE(answer.error().text().find("nobody trades it"), std::string::npos) << answer.error().text();
  expect_quote(desk.ask({2}, 10s), 2);
}

TEST_P(Asking, WordsOfAFailureAreBounded) {
  const std::string name = uri();
  auto quotes = Serving(name, [](const Query&) -> psyne::Result<Quote> {
    return Error(Code::refused, std::string(100'000, 'y') + "\n");
  });
  auto desk = Requester::open(to(name)).value();
  const auto answer = desk.ask({1}, 10s);
  EXPECT_EQ(answer.error(), Code::refused);
  EXPECT_LT(answer.error().text().size(), 2000U);
  EXPECT_GT(answer.error().text().size(), 500U);
}

TEST_P(Asking, ARequestThatIsDroppedTellsItsAsker) {
  const std::string name = uri();
  auto quotes = Serving(name, [](const Request&) {});
  auto desk = Requester::open(to(name)).value();
  EXPECT_EQ(desk.ask({1}, 10s).error(), Code::cancelled);
  const auto answer = desk.ask_async({1}, 10s).take();
  EXPECT_EQ(answer.error(), Code::cancelled);
  EXPECT_NE(answer.error().text().find("unanswered"), std::string::npos) << answer.error().text();
}

TEST_P(Asking, ARequestIsAnsweredOnce) {
  const std::string name = uri();
  auto responder = Responder::open(name).value();
  auto desk = Requester::open(to(name)).value();
  auto pending = desk.ask_async({1}, 10s);
  auto request = responder.receive(10s);
  ASSERT_TRUE(request);
  EXPECT_TRUE(request.reply({1, 2}));
  EXPECT_EQ(request.reply({1, 3}).error(), Code::invalid_state);
  EXPECT_EQ(request.fail(Code::refused).error(), Code::invalid_state);
  EXPECT_EQ(request.reserve().error(), Code::invalid_state);
  expect_quote(pending.take(), 1);
}

TEST_P(Asking, WithNobodyToAnswerTheDeadlineIsKept) {
  auto desk = Requester::open(uri()).value();
  const auto before = psyne::Clock::now();
  const auto answer = desk.ask({1}, 20ms);
  EXPECT_EQ(answer.error(), Code::timed_out);
  EXPECT_NE(answer.error().text().find("no responder"), std::string::npos) << answer.error().text();
  EXPECT_EQ(desk.ask_async({1}, 20ms).take().error(), Code::timed_out);
  EXPECT_EQ(desk.reserve({}, 20ms).error(), Code::timed_out);
  EXPECT_LT(psyne::Clock::now() - before, 10s);
}

TEST_P(Asking, AnAnswerThatIsTooLateIsNotTakenForTheNext) {
  const std::string name = uri();
  auto responder = Responder::open(name).value();
  auto desk = Requester::open(to(name)).value();
  ASSERT_TRUE(eventually([&] { return desk.responders() == 1; }));
  std::optional<Request> late;
  auto within = 20ms;  // a request whose time is over is not given out: on a busy machine it needs longer
  for (; (!late || !*late) && within < 60s; within *= 2) {
    const auto ask = desk.ask_async({2}, within);
    late = responder.receive(within);
    EXPECT_EQ(ask.take().error(), Code::timed_out);
  }
  ASSERT_TRUE(*late) << late->error().text();
  const std::uint64_t before = desk.late();
  EXPECT_TRUE(late->reply(quote_for(**late)));
  std::thread answering([&] {
    for (bool answered = false; !answered;) {
      auto next = responder.receive(10s);
      ASSERT_TRUE(next) << next.error().text();
      answered = next->symbol == 3;
      EXPECT_TRUE(next.reply(quote_for(*next)));
    }
  });
  expect_quote(desk.ask({3}, 10s), 3);
  answering.join();
  EXPECT_GT(desk.late(), before);
}

TEST_P(Asking, NobodyWorksOnWhatNobodyWaitsFor) {
  const std::string name = uri();
  auto responder = Responder::open(name).value();
  auto desk = Requester::open(to(name)).value();
  auto first = desk.ask_async({0}, 20s);  // both have met
  responder.receive(10s).reply({0, 0}).value();
  expect_quote(first.take(), 0);
  std::vector<psyne::Completion<Answer>> pending;
  for (std::uint64_t symbol = 1; symbol < 10; ++symbol) pending.push_back(desk.ask_async({symbol}, 1ms));
  for (const auto& ask : pending) EXPECT_EQ(ask.take().error(), Code::timed_out);
  auto wanted = desk.ask_async({10}, 20s);
  if (!maps()) return;  // there its clock is not ours: it has all its time from its arrival on
  auto request = responder.receive(10s);
  ASSERT_TRUE(request) << request.error().text();
  EXPECT_EQ(request->symbol, 10U);
  EXPECT_EQ(responder.counters().expired, 9U);
  request.reply(quote_for(*request)).value();
  expect_quote(wanted.take(), 10);
}

TEST_P(Asking, AStopTokenEndsAnAsk) {
  const std::string name = uri();
  auto responder = Responder::open(name).value();
  auto desk = Requester::open(to(name)).value();
  for (const bool in_line : {true, false}) {
    psyne::StopSource source;
    std::thread stopping([&] {
      std::this_thread::sleep_for(20ms);
      source.request_stop();
    });
    const auto answer = in_line ? desk.ask({1}, source.token()) : desk.ask_async({1}, source.token()).take();
    EXPECT_EQ(answer.error(), Code::stopped) << answer.error().text();
    stopping.join();
  }
}

TEST_P(Asking, AnAskIsCancelledAtOnce) {
  const std::string name = uri();
  auto responder = Responder::open(name).value();
  auto desk = Requester::open(to(name)).value();
  auto pending = desk.ask_async({1}, 20s);
  EXPECT_TRUE(pending.cancel());
  EXPECT_FALSE(pending.take());
  auto request = responder.receive(10s);
  ASSERT_TRUE(request) << request.error().text();
  EXPECT_TRUE(request.reply({1, 1}));
  EXPECT_TRUE(eventually([&] { return desk.late() == 1; }));
}

TEST_P(Asking, AResponderThatClosesFailsWhatItHasNotAnswered) {
  const std::string name = uri();
  auto desk = Requester::open(name).value();
  std::optional<Responder> responder(Responder::open(to(name)).value());
  auto taken = desk.ask_async({1}, 30s);
  auto request = responder->receive(10s);
  ASSERT_TRUE(request) << request.error().text();
  auto unread = desk.ask_async({2}, 30s);
  responder.reset();
  EXPECT_EQ(taken.take().error(), Code::closed);
  EXPECT_EQ(unread.take().error(), Code::closed);
  EXPECT_FALSE(request.reply({1, 1}));
  const auto successor = serving(to(name));
  expect_quote(desk.ask({3}, 20s), 3);
}

TEST_P(Asking, AResponderThatClosesEndsAnAskInLine) {
  const std::string name = uri();
  auto desk = Requester::open(name).value();
  std::optional<Responder> responder(Responder::open(to(name)).value());
  std::thread closing([&] {
    {
      auto request = responder->receive(10s);
      EXPECT_TRUE(request) << request.error().text();
      responder.reset();  // before the request is dropped: it can tell nothing any more
    }
  });
  const auto answer = desk.ask({1}, 30s);
  EXPECT_EQ(answer.error(), Code::closed) << answer.error().text();
  closing.join();
}

TEST_P(Asking, AsksGoOnThroughRespondersThatComeAndGo) {
  const std::string name = uri();
  auto desk = Requester::open(name).value();
  for (int round = 0; round < 6; ++round) {
    const auto quotes = serving(to(name));
    for (std::uint64_t symbol = 0; symbol < 20; ++symbol) {
      const auto answer = symbol % 2 == 0 ? desk.ask({symbol}, 20s) : desk.ask_async({symbol}, 20s).take();
      if (!answer && answer.error() == Code::closed) continue;  // the one before went with it
      expect_quote(answer, symbol);
    }
  }
}

TEST_P(Asking, ARequesterThatGoesIsNoHarmToOthers) {
  const std::string name = uri();
  auto responder = Responder::open(name, {.reply_within = 100ms}).value();
  std::optional<Requester> gone(Requester::open(to(name)).value());
  auto desk = Requester::open(to(name)).value();
  auto lost = gone->ask_async({1}, 20s);
  auto request = responder.receive(10s);
  ASSERT_TRUE(request) << request.error().text();
  gone.reset();
  EXPECT_EQ(lost.take().error(), Code::closed);
  auto pending = desk.ask_async({2}, 20s);
  auto next = responder.receive(10s);
  ASSERT_TRUE(next) << next.error().text();
  EXPECT_TRUE(eventually([&] { return responder.requesters() == 1 || !responder.try_receive(); }));
  EXPECT_TRUE(next.reply({2, 4}));
  expect_quote(pending.take(), 2);
  const auto replied = request.reply({1, 2});
  if (!replied) {
    EXPECT_EQ(replied.error(), Code::not_found) << replied.error().text();
  }
}

TEST_P(Asking, AnAskerThatTakesNoAnswersHoldsNobodyUpForLong) {
  const std::string name = uri();
  auto responder = Responder::open(name, {.capacity_bytes = 4096, .reply_within = 1ms}).value();
  auto lazy =
      psyne::Sender<psyne::Envelope<psyne::AskHeader, Query>>::open(
          psyne::part_uri(to(name), "ask").value(), {.delivery = psyne::Delivery::routed, .linger = 0s, .id = {77}})
          .value();
  auto deaf = psyne::Receiver<psyne::Envelope<psyne::AnswerHeader, Quote>>::open(
                  psyne::part_uri(to(name), "answer").value(), {.delivery = psyne::Delivery::routed, .id = {77}})
                  .value();
  ASSERT_TRUE(lazy.wait_for_receiver(10s));
  ASSERT_TRUE(deaf.wait_for_sender(responder.id(), 10s));
  bool gave_up = false;
  for (std::uint64_t i = 0; i < 300 && !gave_up; ++i) {
    lazy.send_to(responder.id(), {{.number = i}, Query{i}}, 10s).value();
    auto request = responder.receive(10s);
    ASSERT_TRUE(request) << request.error().text();
    const auto replied = request.reply({i, 0});
    gave_up = !replied;
    if (gave_up) {
      EXPECT_EQ(replied.error(), Code::timed_out) << replied.error().text();
    }
  }
  EXPECT_TRUE(gave_up);
  EXPECT_EQ(responder.counters().given_up, 1U);
}

TEST_P(Asking, ServingEndsByTokenAndByDeadline) {
  auto quotes = serving(uri());
  EXPECT_TRUE(quotes.stop());
  EXPECT_EQ(quotes.responder().serve(quote_for, 5ms).error(), Code::timed_out);
  EXPECT_EQ(quotes.responder().try_receive().error(), Code::would_block);
  EXPECT_EQ(quotes.responder().receive(5ms).error(), Code::timed_out);
}

TEST_P(Asking, QueriesAndAnswersAreWrittenInPlace) {
  const std::string name = uri();
  auto quotes = Serving(name, [](Request request) {
    auto draft = request.reserve();
    ASSERT_TRUE(draft) << draft.error().text();
    **draft = quote_for(*request);
    EXPECT_TRUE(request.reply(std::move(*draft)));
  });
  auto desk = Requester::open(to(name)).value();
  for (const bool in_line : {true, false}) {
    auto draft = desk.reserve({}, 10s);
    ASSERT_TRUE(draft) << draft.error().text();
    (*draft)->symbol = 5;
    expect_quote(in_line ? desk.ask(std::move(*draft), 10s) : desk.ask_async(std::move(*draft), 10s).take(), 5);
  }
}

TEST_P(Asking, AnotherMessageTypeIsRefused) {
  const std::string name = uri();
  const auto quotes = serving(name);
  auto desk = psyne::Requester<Quote, Quote>::open(to(name)).value();
  EXPECT_EQ(desk.ask({1, 2}, 200ms).error(), Code::timed_out);
}

TEST(AskingByToken, WhoHasAnotherIsToldWhyThereIsNoResponder) {
  const std::string port = std::to_string(conformance::free_port());
  const auto quotes = serving("tcp://*:" + port + "?token=secret");
  auto desk = Requester::open("tcp://127.0.0.1:" + port + "?token=guess").value();
  psyne::Result<void> told;
  EXPECT_TRUE(eventually([&] {
    const auto answer = desk.ask({1}, 50ms);
    told = answer.error();
    return answer.error() == Code::refused;
  }));
  EXPECT_NE(told.error().text().find("PSYNE_TOKEN"), std::string::npos) << told.error().text();
}

}  // namespace
