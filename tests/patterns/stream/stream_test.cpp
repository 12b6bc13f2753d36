// Patterns over a socket: one end listens, the others connect, and one socket carries all channels of the pattern.
#include <psyne/patterns/pair/pair.hpp>
#include <psyne/patterns/pipeline/puller.hpp>
#include <psyne/patterns/pipeline/pusher.hpp>
#include <psyne/patterns/request/requester.hpp>
#include <psyne/patterns/request/responder.hpp>
#include <psyne/patterns/survey/respondent.hpp>
#include <psyne/patterns/survey/surveyor.hpp>

#include "channel/process.hpp"
#include "directory.hpp"
#include "eventually.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne_test::eventually;

struct Query {
  std::uint64_t number;
};
using Requester = psyne::Requester<Query, Query>;
using Responder = psyne::Responder<Query, Query>;

class OverSockets : public testing::Test {
 protected:
  std::string listens() const { return "unix://*" + directory_.path() + "/socket"; }
  std::string connects() const { return "unix://" + directory_.path() + "/socket"; }

 private:
  psyne_test::Directory directory_;
};

TEST_F(OverSockets, QueriesAreAnsweredInLineAndAsynchronously) {
  psyne::StopSource source;
  auto responder = Responder::open(listens()).value();
  std::thread serving([&] {
    EXPECT_TRUE(responder.serve(
        [](const Query& query) -> psyne::Result<Query> {
          if (query.number == 13) return psyne::Error(Code::refused, "an unlucky number");
          return Query{query.number + 1};
        },
        source.token()));
  });
  {
    auto desk = Requester::open(connects()).value();
    for (std::uint64_t number = 20; number < 120; ++number) {
      const auto answer = number % 3 == 0 ? desk.ask_async({number}, 20s).take() : desk.ask({number}, 20s);
      ASSERT_TRUE(answer) << answer.error().text();
      EXPECT_EQ(answer->number, number + 1);
    }
    const auto failed = desk.ask({13}, 20s);
    EXPECT_EQ(failed.error(), Code::refused);
    EXPECT_NE(failed.error().text().find("an unlucky number"), std::string::npos) << failed.error().text();
  }
  source.request_stop();
  serving.join();
}

TEST_F(OverSockets, AResponderThatIsKilledIsToldAtOnce) {
  psyne_test::Process victim([this]() -> int {
    auto responder = Responder::open(listens()).value();
    static_cast<void>(responder.serve([](const Query& query) {
      if (query.number == 13) kill(getpid(), SIGKILL);
      return query;
    }));
    return 1;
  });
  auto desk = Requester::open(connects()).value();
  ASSERT_TRUE(desk.ask({1}, 30s));
  const auto lost = desk.ask({13});
  EXPECT_EQ(lost.error(), Code::peer_lost) << lost.error().text();
}

TEST_F(OverSockets, PairsTalkBothWays) {
  auto one = psyne::Pair<Query>::open(listens()).value();
  auto other = psyne::Pair<Query>::open(connects()).value();
  for (std::uint64_t number = 0; number < 20; ++number) {
    one.send({number}, 20s).value();
    auto heard = other.receive(20s);
    ASSERT_TRUE(heard) << heard.error().text();
    other.send({heard->number + 1}, 20s).value();
    EXPECT_EQ(one.receive(20s)->number, number + 1);
  }
}

TEST_F(OverSockets, WorkIsHandedOut) {
  auto pusher = psyne::Pusher<Query>::open(listens()).value();
  auto one = psyne::Puller<Query>::open(connects()).value();
  auto other = psyne::Puller<Query>::open(connects()).value();
  ASSERT_TRUE(eventually([&] { return pusher.pullers() == 2; }));
  std::set<std::uint64_t> done;
  for (std::uint64_t number = 0; number < 20; ++number) pusher.send({number}, 20s).value();
  for (int i = 0; i < 10; ++i) {
    done.insert(one.receive(20s)->number);
    done.insert(other.receive(20s)->number);
  }
  EXPECT_EQ(done.size(), 20U);
}

TEST_F(OverSockets, AllAnswerASurvey) {
  auto surveyor = psyne::Surveyor<Query, Query>::open(listens()).value();
  psyne::StopSource source;
  std::vector<std::thread> voting;
  for (std::uint64_t voter = 0; voter < 3; ++voter) {
    voting.emplace_back([&, voter] {
      auto respondent = psyne::Respondent<Query, Query>::open(connects()).value();
      EXPECT_TRUE(respondent.serve([voter](const Query&) { return Query{voter}; }, source.token()));
    });
  }
  EXPECT_TRUE(eventually([&] { return surveyor.respondents() == 3; }));
  std::set<std::uint64_t> votes;
  auto survey = surveyor.ask({1}, 20s);
  for (auto& answer : survey) {
    if (answer) votes.insert(answer->number);
  }
  EXPECT_EQ(votes.size(), 3U);
  EXPECT_TRUE(survey.status());
  source.request_stop();
  for (std::thread& thread : voting) thread.join();
}

}  // namespace
