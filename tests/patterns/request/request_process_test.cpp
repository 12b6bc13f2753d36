// Askers and responders that are killed: whoever is left is told at once, and goes on.
#include "channel/process.hpp"
#include "trade.hpp"

#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne_test::eventually;
using psyne_test::fresh_uri;
using psyne_test::Process;
using psyne_test::Query;
using psyne_test::Quote;
using psyne_test::quote_for;
using psyne_test::Requester;
using psyne_test::Responder;
using psyne_test::serving;
using psyne_test::wait_to_be_killed;

constexpr std::uint64_t fatal_symbol = 666;

/// A process that answers, and kills itself in the middle of one query.
Process victim_at(const std::string& uri) {
  return Process([uri]() -> int {
    auto responder = Responder::open(uri).value();
    static_cast<void>(responder.serve([](const Query& query) {
      if (query.symbol == fatal_symbol) kill(getpid(), SIGKILL);
      return quote_for(query);
    }));
    return 1;
  });
}

TEST(RequestOverProcesses, AResponderThatDiesInTheMiddleIsTold) {
  const std::string name = fresh_uri();
  auto desk = Requester::open(name).value();
  for (const bool in_line : {true, false}) {
    Process victim = victim_at(name);
    const auto answer = desk.ask({1}, 20s);
    ASSERT_TRUE(answer) << answer.error().text();
    EXPECT_EQ(answer->price, 2.0);
    const auto lost = in_line ? desk.ask({fatal_symbol}) : desk.ask_async({fatal_symbol}).take();
    EXPECT_EQ(lost.error(), Code::peer_lost) << lost.error().text();
    EXPECT_EQ(victim.wait(), -1);
  }
}

TEST(RequestOverProcesses, AllThatWasInFlightFailsWithIt) {
  const std::string name = fresh_uri();
  auto desk = Requester::open(name).value();
  Process victim = victim_at(name);
  ASSERT_TRUE(desk.ask({1}, 20s));
  std::vector<psyne::Completion<psyne_test::Answer>> pending;
  pending.push_back(desk.ask_async({fatal_symbol}));
  for (std::uint64_t symbol = 0; symbol < 50; ++symbol) {
    pending.push_back(desk.ask_async({symbol}, 50ms));
  }
  for (const auto& ask : pending) {
    const auto answer = ask.take();
    ASSERT_FALSE(answer);
    EXPECT_TRUE(answer.error() == Code::peer_lost || answer.error() == Code::timed_out) << answer.error().text();
  }
  EXPECT_EQ(pending.front().result().error(), Code::peer_lost);
}

TEST(RequestOverProcesses, OtherRespondersGoOn) {
  const std::string name = fresh_uri();
  auto desk = Requester::open(name).value();
  Process victim = victim_at(name);
  const auto stayer = serving(name);
  ASSERT_TRUE(eventually([&] { return desk.responders() == 2; }));
  victim.kill();
  int lost = 0;
  for (std::uint64_t symbol = 0; symbol < 50; ++symbol) {
    const auto answer = desk.ask({symbol}, 20s);
    if (!answer) {
      EXPECT_EQ(answer.error(), Code::peer_lost) << answer.error().text();
      ++lost;
    } else {
      EXPECT_EQ(answer->symbol, symbol);
    }
  }
  EXPECT_LE(lost, 1);
}

TEST(RequestOverProcesses, ARequesterThatDiesIsNoHarm) {
  const std::string name = fresh_uri();
  auto responder = Responder::open(name).value();
  Process victim([name]() -> int {
    auto desk = Requester::open(name).value();
    static_cast<void>(desk.ask({1}));
    return 1;
  });
  auto request = responder.receive(20s);
  ASSERT_TRUE(request) << request.error().text();
  victim.kill();
  psyne::Result<void> replied = Code::not_found;
  EXPECT_TRUE(eventually([&] { return !responder.try_receive(); }));
  replied = request.reply({1, 2});
  if (!replied) {
    EXPECT_EQ(replied.error(), Code::not_found) << replied.error().text();
  }
  auto desk = Requester::open(name).value();
  auto pending = desk.ask_async({2}, 20s);
  auto next = responder.receive(20s);
  ASSERT_TRUE(next) << next.error().text();
  EXPECT_TRUE(next.reply({2, 4}));
  EXPECT_EQ(pending.take()->price, 4.0);
}

TEST(RequestOverProcesses, OneAsksAnother) {
  const std::string name = fresh_uri();
  Process server = victim_at(name);
  auto desk = Requester::open(name).value();
  for (std::uint64_t symbol = 0; symbol < 300; ++symbol) {
    const auto answer = desk.ask({symbol}, 20s);
    ASSERT_TRUE(answer) << answer.error().text();
    ASSERT_EQ(answer->symbol, symbol);
  }
}

}  // namespace
