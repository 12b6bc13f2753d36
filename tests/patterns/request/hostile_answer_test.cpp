// Answers from whoever was not asked, and answers that no responder gives: none is taken for the one that was waited
// for.
#include "trade.hpp"

#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <thread>

namespace {

using namespace std::chrono_literals;
using psyne::AnswerHeader;
using psyne::AskHeader;
using psyne::Code;
using psyne::Delivery;
using psyne::EndId;
using psyne::Envelope;
using psyne::Receiver;
using psyne::Sender;
using psyne_test::eventually;
using psyne_test::Query;
using psyne_test::Quote;
using psyne_test::Requester;
using psyne_test::serving;

using Told = Envelope<AnswerHeader, Quote>;

/// Somebody who has the channels of a responder and says on them what he likes.
struct Stranger {
  explicit Stranger(const std::string& uri, EndId id = {4711})
      : answers(Sender<Told>::open(psyne::part_uri(uri, "answer").value(),
                                   {.delivery = Delivery::routed, .linger = 0s, .id = id})
                    .value()),
        queries(Receiver<Envelope<AskHeader, Query>>::open(psyne::part_uri(uri, "ask").value(),
                                                           {.delivery = Delivery::routed, .id = id})
                    .value()) {}

  /// Answers the next query by `tell(number)`, a few envelopes.
  template <class Tell>
  std::thread answer_once(Tell tell) {
    return std::thread([this, tell] {
      auto query = queries.receive(10s);
      ASSERT_TRUE(query) << query.error().text();
      tell(query.sender(), query->header().number);
    });
  }

  Sender<Told> answers;
  Receiver<Envelope<AskHeader, Query>> queries;
};

class HostileAnswer : public psyne_test::OverEveryScheme {};
INSTANTIATE_TEST_SUITE_P(Schemes, HostileAnswer, testing::ValuesIn(psyne_test::pattern_schemes),
                         psyne_test::scheme_name);

TEST_P(HostileAnswer, WhoWasNotAskedDoesNotAnswer) {
  const std::string name = uri();
  const auto quotes = serving(to(name));
  auto desk = Requester::open(name).value();
  auto intruder =
      Sender<Told>::open(psyne::part_uri(to(name), "answer").value(), {.delivery = Delivery::routed, .linger = 0s})
          .value();
  ASSERT_TRUE(intruder.wait_for_receiver(10s));
  for (std::uint64_t number = 0; number < 100; ++number) {
    intruder.send_to(desk.id(), Told(AnswerHeader::of(number), Quote{666, -1}), 10s).value();
  }
  for (std::uint64_t symbol = 0; symbol < 50; ++symbol) {
    const auto answer = symbol % 2 == 0 ? desk.ask({symbol}, 20s) : desk.ask_async({symbol}, 20s).take();
    ASSERT_TRUE(answer) << answer.error().text();
    EXPECT_EQ(answer->symbol, symbol);
  }
  EXPECT_TRUE(eventually([&] { return desk.late() == 100; })) << desk.late();
}

TEST_P(HostileAnswer, AFailureWithoutSenseIsBoundedAndShown) {
  const std::string name = uri();
  auto desk = Requester::open(name).value();
  Stranger stranger(to(name));
  for (const bool in_line : {true, false}) {
    std::thread answering = stranger.answer_once([&](EndId asker, std::uint64_t number) {
      AnswerHeader header = AnswerHeader::of(number);
      header.failure = std::numeric_limits<std::uint16_t>::max();
      header.characters = std::numeric_limits<std::uint16_t>::max();
      EXPECT_TRUE(stranger.answers.send_to(asker, Told(header, "a\n\x1b[2Jb"), 10s));
    });
    const auto answer = in_line ? desk.ask({1}, 20s) : desk.ask_async({1}, 20s).take();
    answering.join();
    EXPECT_EQ(answer.error(), Code::refused);
    EXPECT_EQ(answer.error().text().find('\x1b'), std::string::npos);
    EXPECT_NE(answer.error().text().find("a??[2Jb"), std::string::npos) << answer.error().text();
  }
}

TEST_P(HostileAnswer, PiecesWithoutEndFillNoMemory) {
  const std::string name = uri();
  auto desk = Requester::open(name).value();
  Stranger stranger(to(name));
  std::thread answering = stranger.answer_once([&](EndId asker, std::uint64_t number) {
    AnswerHeader header = AnswerHeader::of(number, Code::refused);
    header.characters = 40;
    for (header.more = 5000; header.more > 0; --header.more) {
      ASSERT_TRUE(stranger.answers.send_to(asker, Told(header, std::string(40, 'z')), 10s));
    }
    EXPECT_TRUE(stranger.answers.send_to(asker, Told(header, std::string(40, 'z')), 10s));
  });
  const auto answer = desk.ask({1}, 20s);
  answering.join();
  EXPECT_EQ(answer.error(), Code::refused);
  EXPECT_LT(answer.error().text().size(), 2000U);
}

TEST_P(HostileAnswer, AResponderThatSaysNothingIsWaitedForNoLongerThanTheDeadline) {
  const std::string name = uri();
  auto desk = Requester::open(name).value();
  Stranger silent(to(name));
  EXPECT_EQ(desk.ask({1}, 50ms).error(), Code::timed_out);
  EXPECT_EQ(desk.ask_async({1}, 50ms).take().error(), Code::timed_out);
}

TEST_P(HostileAnswer, WhoTakesQueriesAndHasNoWayToAnswerIsNotAsked) {
  const std::string name = uri();
  auto desk = Requester::open(name).value();
  auto mute = Receiver<Envelope<AskHeader, Query>>::open(psyne::part_uri(to(name), "ask").value(),
                                                         {.delivery = Delivery::routed})
                  .value();
  ASSERT_TRUE(eventually([&] { return desk.responders() == 1; }));
  EXPECT_EQ(desk.ask({1}, 100ms).error(), Code::timed_out);
  EXPECT_EQ(mute.try_receive().error(), Code::would_block);
  const auto quotes = serving(to(name));
  for (std::uint64_t symbol = 0; symbol < 10; ++symbol) {
    const auto answer = desk.ask({symbol}, 20s);
    ASSERT_TRUE(answer) << answer.error().text();
    EXPECT_EQ(answer->symbol, symbol);
  }
}

}  // namespace
