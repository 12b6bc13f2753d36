// Channels over a transport that does not map, in a time that passes only when a test says so.
#include "schemes.hpp"
#include "virtual_simulation.hpp"

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne::Delivery;
using psyne::Held;
using psyne::Received;
using psyne::Receiver;
using psyne::Sender;
using psyne_test::Tick;
using psyne_test::VirtualSimulation;

class Wire : public testing::Test {
 protected:
  static std::string uri(const std::string& query = "") {
    static int names = 0;
    static std::string name;
    if (query.empty() || query.front() == '?') name = "sim://wire-" + std::to_string(++names);
    return name + query;
  }
  /// Messages from `first` on arrive in order, up to the one before `end` and no further.
  void expect(Receiver<Tick>& receiver, std::uint64_t first, std::uint64_t end) {
    EXPECT_TRUE(simulation.pass_until([&] {
      while (auto tick = receiver.try_receive()) EXPECT_EQ(tick->number, first++);
      return first >= end;
    })) << "the next is "
        << first;
    simulation.pass();
    EXPECT_FALSE(receiver.try_receive());
  }

  VirtualSimulation simulation;
};

TEST_F(Wire, WhatMetAFullQueueArrivesThoughItsSenderNeverCallsAgain) {
  const std::string name = uri("?queue=1");
  auto sender = Sender<Tick>::open(name, {.linger = 0s}).value();
  auto receiver = Receiver<Tick>::open(name).value();
  for (std::uint64_t i = 0; i < 100; ++i) ASSERT_TRUE(sender.send({i, 0}));
  EXPECT_FALSE(receiver.try_receive()) << "no time has passed";
  expect(receiver, 0, 100);
}

TEST_F(Wire, AlsoWhileADraftIsOpenAndWithoutTheDraft) {
  const std::string name = uri("?queue=1");
  auto sender = Sender<Tick>::open(name, {.linger = 0s}).value();
  auto receiver = Receiver<Tick>::open(name).value();
  for (std::uint64_t i = 0; i < 10; ++i) ASSERT_TRUE(sender.send({i, 0}));
  auto draft = sender.reserve();
  draft->number = 10;
  expect(receiver, 0, 10);
  ASSERT_TRUE(draft.commit());
  expect(receiver, 10, 11);
}

TEST_F(Wire, AReceiverThatJoinsWhileADraftIsOpenGetsWhatWasSent) {
  const std::string name = uri("?queue=1");
  auto sender = Sender<Tick>::open(name, {.linger = 0s}).value();
  for (std::uint64_t i = 0; i < 5; ++i) ASSERT_TRUE(sender.send({i, 0}));
  auto draft = sender.reserve();
  auto receiver = Receiver<Tick>::open(name).value();
  expect(receiver, 0, 5);
}

// The sender is asked for nothing, the receiver's thread takes one message and turns away: its place still comes back.
TEST_F(Wire, OneReleaseMakesRoomForASenderThatAskedBeforeOrAfter) {
  for (const bool asked_before : {true, false}) {
    const std::string name = uri("?queue=4");
    auto sender = Sender<Tick>::open(name, {.capacity_bytes = 4096, .linger = 0s}).value();
    auto receiver = Receiver<Tick>::open(name).value();
    const auto fill = [&] {
      std::uint64_t sent = 0;
      while (sender.try_send({sent, 0})) ++sent;
      return sent;
    };
    const auto take_one = [&] {
      std::optional<Received<Tick>> one;
      ASSERT_TRUE(simulation.pass_until([&] {
        one.emplace(receiver.try_receive());
        return static_cast<bool>(*one);
      }));
    };
    if (asked_before) {
      EXPECT_GT(fill(), 10U);
      simulation.pass();
      take_one();
      take_one();  // the place of one record is kept free
    } else {
      for (std::uint64_t i = 0; i < 10; ++i) ASSERT_TRUE(sender.send({i, 0}));
      take_one();
      take_one();
      simulation.pass();
      EXPECT_GT(fill(), 10U);
    }
    EXPECT_TRUE(simulation.pass_until([&] {
      return sender.try_send({0, 0}).has_value();
    })) << (asked_before ? "asked before" : "asked after");
  }
}

TEST_F(Wire, CloseWaitsUntilAllIsAcknowledged) {
  const std::string name = uri("?queue=1");
  auto sender = Sender<Tick>::open(name).value();
  auto receiver = Receiver<Tick>::open(name).value();
  for (std::uint64_t i = 0; i < 20; ++i) ASSERT_TRUE(sender.send({i, 0}));
  std::atomic<bool> closed{false};
  std::thread closing([&] {
    EXPECT_TRUE(sender.close(20s));
    closed = true;
  });
  simulation.pass();
  std::this_thread::sleep_for(10ms);
  EXPECT_FALSE(closed) << "all is across, nothing was taken";
  std::uint64_t taken = 0;
  EXPECT_TRUE(simulation.pass_until([&] {
    while (auto tick = receiver.try_receive()) EXPECT_EQ(tick->number, taken++);
    return closed.load();
  }));
  closing.join();
  EXPECT_EQ(taken, 20U);
  EXPECT_TRUE(simulation.pass_until([&] { return receiver.try_receive().error() == Code::closed; }));
}

TEST_F(Wire, ACloseThatDidNotWaitIsToldToTheReceiver) {
  const std::string name = uri("?queue=1");
  auto sender = Sender<Tick>::open(name, {.name = "hasty"}).value();
  auto receiver = Receiver<Tick>::open(name).value();
  simulation.pass();
  for (std::uint64_t i = 0; i < 20; ++i) ASSERT_TRUE(sender.send({i, 0}));
  EXPECT_EQ(sender.close(0s).error(), Code::timed_out);
  std::uint64_t taken = 0;
  std::optional<psyne::Error> told;
  EXPECT_TRUE(simulation.pass_until([&] {
    auto tick = receiver.try_receive();
    if (tick) {
      EXPECT_EQ(tick->number, taken++);
    } else if (tick.error() != Code::would_block) {
      told = tick.error();
    }
    return told.has_value();
  }));
  EXPECT_GT(taken, 0U) << "what was posted still arrives";
  EXPECT_LT(taken, 20U);
  ASSERT_TRUE(told);
  EXPECT_EQ(*told, Code::peer_lost);
  EXPECT_NE(told->text().find("hasty"), std::string::npos) << told->text();
  EXPECT_NE(told->text().find("linger"), std::string::npos) << told->text();
  EXPECT_EQ(receiver.try_receive().error(), Code::closed) << "told once";
}

TEST_F(Wire, AReceiverThatClosesLeavesTheRestAndNothingTwice) {
  for (const bool holding : {false, true}) {
    const std::string name = uri("?queue=1");
    auto sender = Sender<Tick>::open(name, {.capacity_bytes = 4096, .linger = 0s}).value();
    for (std::uint64_t i = 0; i < 40; ++i) ASSERT_TRUE(sender.send({i, 0}));
    std::vector<Received<Tick>> held;
    {
      auto first = Receiver<Tick>::open(name).value();
      std::uint64_t next = 0;
      ASSERT_TRUE(simulation.pass_until([&] {
        if (auto tick = first.try_receive()) {
          EXPECT_EQ(tick->number, next++);
          if (holding) held.push_back(std::move(tick));
        }
        return next == 7;
      }));
      simulation.pass();  // so that the queue has room for the last word
    }
    // While the end of the receiver is on its way, the sender uses all the room that it is given.
    std::uint64_t sent = 40;
    ASSERT_TRUE(simulation.pass_until([&] {
      while (sender.try_send({sent, 0})) ++sent;
      return sender.receivers() == 0;
    }));
    auto second = Receiver<Tick>::open(name).value();
    expect(second, 7, sent);
    for (std::size_t i = 0; i < held.size(); ++i) EXPECT_EQ(held[i]->number, i) << "views lie in the receiver's copy";
  }
}

/// Sends and receives until the link dies; the numbers that were seen.
std::uint64_t until_death(VirtualSimulation& simulation, Sender<Tick>& sender, Receiver<Tick>& receiver,
                          std::uint64_t& sent) {
  std::uint64_t seen = 0;
  EXPECT_TRUE(simulation.pass_until([&] {
    if (sender.try_send({sent, 0})) ++sent;
    simulation.step();
    auto tick = receiver.try_receive();
    if (tick) {
      EXPECT_EQ(tick->number, seen++);
    }
    return !tick && tick.error() == Code::peer_lost;
  }));
  return seen;
}

TEST_F(Wire, ADeathLosesNothingOrTellsHowMuch) {
  for (const Held held : {Held::again, Held::lost}) {
    const std::string name = uri("?queue=4&death=0.02");
    auto sender = Sender<Tick>::open(name, {.linger = 0s, .held_by_dead = held}).value();
    std::optional<Receiver<Tick>> receiver = Receiver<Tick>::open(name).value();
    std::uint64_t sent = 0;
    const std::uint64_t seen = until_death(simulation, sender, *receiver, sent);
    EXPECT_EQ(receiver->try_receive().error(), Code::closed) << "the death is told once";
    EXPECT_EQ(sender.receivers(), 0U);
    receiver.reset();
    for (std::uint64_t end = sent + 3; sent < end; ++sent) ASSERT_TRUE(sender.send({sent, 0}));

    // The successor's link may die as well: the first number that some successor saw is what the first death left.
    std::uint64_t next = 0;
    bool first = true;
    for (int successors = 0; successors < 50 && (first || next < sent); ++successors) {
      receiver.emplace(Receiver<Tick>::open(name).value());
      simulation.pass_until([&] {
        auto tick = receiver->try_receive();
        if (!tick) return tick.error() == Code::peer_lost;
        if (std::exchange(first, false)) {
          EXPECT_TRUE(held == Held::lost || tick->number <= seen) << "nothing is lost";
          EXPECT_TRUE(held == Held::again || tick->number >= seen) << "nothing comes twice";
          EXPECT_LE(tick->number, seen + sender.counters().lost);
        }
        next = tick->number + 1;
        return next == sent;
      });
      receiver.reset();
      simulation.pass();
    }
    EXPECT_EQ(next, sent);
    EXPECT_TRUE(held == Held::lost || sender.counters().lost == 0);
  }
}

TEST_F(Wire, WhatAReceiverNeverLookedForIsNotGivenUp) {
  const std::string name = uri();
  auto sender = Sender<Tick>::open(name, {.linger = 0s, .held_by_dead = Held::lost}).value();
  std::optional<Receiver<Tick>> receiver = Receiver<Tick>::open(name).value();
  for (std::uint64_t i = 0; i < 10; ++i) ASSERT_TRUE(sender.send({i, 0}));
  simulation.pass();
  receiver.reset();
  simulation.pass();
  EXPECT_EQ(sender.counters().lost, 0U);
  receiver.emplace(Receiver<Tick>::open(name).value());
  expect(*receiver, 0, 10);
}

TEST_F(Wire, ABlockedSenderLearnsThatTheLinkIsGone) {
  const std::string name = uri("?queue=4&death=1");
  auto receiver = Receiver<Tick>::open(name, {.name = "reader"}).value();
  auto sender = Sender<Tick>::open(name, {.capacity_bytes = 4096, .linger = 0s}).value();
  while (sender.try_send({0, 0})) {
  }
  std::thread blocked([&] {
    const auto sent = sender.send({1, 0}, 20s);
    EXPECT_EQ(sent.error(), Code::peer_lost);
    EXPECT_NE(sent.error().text().find("reader"), std::string::npos) << sent.error().text();
  });
  EXPECT_TRUE(simulation.pass_until([&] { return receiver.try_receive().error() == Code::peer_lost; }));
  blocked.join();
}

TEST_F(Wire, ARingThatIsLargerThanAReceiverCopiesIsRefusedInWords) {
  const std::string name = uri();
  auto sender = Sender<Tick>::open(name, {.capacity_bytes = 1 << 20}).value();
  auto receiver = Receiver<Tick>::open(name, {.most_copied = 1 << 19}).value();
  const auto refused = receiver.try_receive();
  ASSERT_EQ(refused.error(), Code::too_large) << refused.error().text();
  EXPECT_NE(refused.error().text().find("most_copied"), std::string::npos);
  EXPECT_EQ(sender.receivers(), 0U);
}

}  // namespace
