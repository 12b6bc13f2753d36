// Delivery::any: each message goes to one receiver, and to another when that one goes.
#include "eventually.hpp"
#include "open_descriptors.hpp"
#include "schemes.hpp"

#include <optional>
#include <set>
#include <string>
#include <thread>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne::Delivery;
using psyne::Receiver;
using psyne::Sender;
using psyne_test::eventually;
using psyne_test::open_descriptors;
using psyne_test::Tick;

const psyne::ReceiverOptions any{.delivery = Delivery::any, .wait_for_senders = true};

class Any : public psyne_test::OverEveryScheme {};

Sender<Tick> open_sender(const std::string& uri, std::chrono::nanoseconds linger = 10s) {
  return Sender<Tick>::open(uri, {.capacity_bytes = 4096, .delivery = Delivery::any, .linger = linger}).value();
}

void wait_for_receivers(const Sender<Tick>& sender, std::size_t count) {
  ASSERT_TRUE(eventually([&] { return sender.receivers() == count; })) << sender.receivers();
}

/// Takes what comes until nothing does for a while.
void take_all(Receiver<Tick>& receiver, std::multiset<std::uint64_t>& numbers, std::size_t until) {
  while (numbers.size() < until) {
    auto tick = receiver.receive(30s);
    if (!tick) break;
    numbers.insert(tick->number);
  }
}

std::multiset<std::uint64_t> numbers_below(std::uint64_t end) {
  std::multiset<std::uint64_t> numbers;
  for (std::uint64_t i = 0; i < end; ++i) numbers.insert(i);
  return numbers;
}

void send_numbers_below(Sender<Tick>& sender, std::uint64_t end) {
  for (std::uint64_t i = 0; i < end; ++i) sender.send({i, 0}, 10s).value();
}

/// That `receiver` is given each number below `end` once, save those in `taken` already.
void expect_numbers_below(Receiver<Tick>& receiver, std::uint64_t end, std::multiset<std::uint64_t> taken = {}) {
  take_all(receiver, taken, end);
  EXPECT_EQ(taken, numbers_below(end));
}

TEST_P(Any, WhatAReceiverLeftUnreadGoesToAnotherWithTheNextMessage) {
  const std::string name = uri();
  auto sender = open_sender(name);
  std::optional<Receiver<Tick>> leaver(Receiver<Tick>::open(to(name), any).value());
  auto stayer = Receiver<Tick>::open(to(name), any).value();
  wait_for_receivers(sender, 2);
  send_numbers_below(sender, 20);
  std::multiset<std::uint64_t> numbers;
  for (int i = 0; i < 3; ++i) {
    auto tick = leaver->receive(10s);
    ASSERT_TRUE(tick) << tick.error().text();
    numbers.insert(tick->number);
  }
  leaver.reset();
  wait_for_receivers(sender, 1);
  sender.send({20, 0}, 10s).value();
  expect_numbers_below(stayer, 21, numbers);
}

TEST_P(Any, CloseHandsOverWhatAReceiverLeftUnread) {
  const std::string name = uri();
  auto sender = open_sender(name);
  std::optional<Receiver<Tick>> leaver(Receiver<Tick>::open(to(name), any).value());
  auto stayer = Receiver<Tick>::open(to(name), any).value();
  wait_for_receivers(sender, 2);
  send_numbers_below(sender, 20);
  leaver.reset();
  wait_for_receivers(sender, 1);
  psyne::Result<void> closed = Code::invalid_state;
  std::thread closing([&] { closed = sender.close(); });
  expect_numbers_below(stayer, 20);
  closing.join();
  EXPECT_TRUE(closed) << closed.error().text();
}

TEST_P(Any, WhatNobodyIsLeftToTakeWaitsForTheNextReceiver) {
  const std::string name = uri();
  auto sender = open_sender(name, 20ms);
  std::optional<Receiver<Tick>> leaver(Receiver<Tick>::open(to(name), any).value());
  wait_for_receivers(sender, 1);
  send_numbers_below(sender, 10);
  leaver.reset();
  wait_for_receivers(sender, 0);
  std::uint64_t next = 10;  // it may not have looked who went since
  EXPECT_TRUE(eventually([&] {
    const bool refused = !sender.try_send({next, 0});
    next += refused ? 0 : 1;
    return refused;
  }));
  auto successor = Receiver<Tick>::open(to(name), any).value();
  wait_for_receivers(sender, 1);
  sender.send({next, 0}, 10s).value();
  expect_numbers_below(successor, next + 1);
}

TEST_P(Any, CloseSaysWhenNobodyIsLeftToTakeIt) {
  const std::string name = uri();
  auto sender = open_sender(name, 20ms);
  std::optional<Receiver<Tick>> leaver(Receiver<Tick>::open(to(name), any).value());
  wait_for_receivers(sender, 1);
  sender.send({1, 0}, 10s).value();
  leaver.reset();
  wait_for_receivers(sender, 0);
  EXPECT_EQ(sender.close().error(), Code::timed_out);
}

TEST_P(Any, AnOpenDraftSurvivesItsReceiver) {
  const std::string name = uri();
  auto sender = open_sender(name);
  std::optional<Receiver<Tick>> leaver(Receiver<Tick>::open(to(name), any).value());
  wait_for_receivers(sender, 1);
  auto draft = sender.reserve(10s);
  ASSERT_TRUE(draft) << draft.error().text();
  leaver.reset();
  wait_for_receivers(sender, 0);
  auto successor = Receiver<Tick>::open(to(name), any).value();  // coming in, it has the sender look who went
  wait_for_receivers(sender, 1);
  draft->number = 0;
  draft.commit().value();
  sender.send({1, 0}, 10s).value();
  expect_numbers_below(successor, 2);
}

TEST(AnyOverIpc, ReceiversThatComeAndGoLeaveNoRings) {
  const std::string name = "ipc://any-test-" + std::to_string(getpid());
  auto sender = open_sender(name, 0s);
  const auto come_and_go = [&] {
    {
      auto visitor = Receiver<Tick>::open(name, any).value();
      wait_for_receivers(sender, 1);
    }
    wait_for_receivers(sender, 0);
  };
  come_and_go();
  const std::size_t before = open_descriptors();
  for (int i = 0; i < 20; ++i) come_and_go();  // while the sender does nothing
  EXPECT_LE(open_descriptors(), before + 4);
}

INSTANTIATE_TEST_SUITE_P(Schemes, Any, testing::ValuesIn(psyne_test::schemes), psyne_test::scheme_name);

}  // namespace
