// Every end of a channel has an id, which those that it meets are told.
#include "eventually.hpp"
#include "process.hpp"
#include "schemes.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::ByteVector;
using psyne::Code;
using psyne::Delivery;
using psyne::EndId;
using psyne::Receiver;
using psyne::Sender;
using psyne_test::eventually;
using psyne_test::Tick;

class Identity : public psyne_test::OverEveryScheme {};
INSTANTIATE_TEST_SUITE_P(Schemes, Identity, testing::ValuesIn(psyne_test::schemes), psyne_test::scheme_name);

TEST_P(Identity, EveryMessageSaysWhichSenderSentIt) {
  const std::string name = uri();
  auto receiver = Receiver<Tick>::open(name).value();
  auto one = Sender<Tick>::open(to(name), {.name = "one"}).value();
  auto other = Sender<Tick>::open(to(name), {.name = "other"}).value();
  EXPECT_NE(one.id(), other.id());
  one.send({1, 0}).value();
  other.send({2, 0}).value();
  for (int i = 0; i < 2; ++i) {
    auto tick = receiver.receive(10s);
    ASSERT_TRUE(tick) << tick.error().text();
    EXPECT_EQ(tick.sender(), tick->number == 1 ? one.id() : other.id());
    EXPECT_NE(tick.who().find(tick->number == 1 ? "one" : "other"), std::string::npos) << tick.who();
    EXPECT_EQ(tick.shares_memory(), maps());
  }
}

TEST_P(Identity, ABatchHasOneSender) {
  const std::string name = uri();
  auto receiver = Receiver<Tick>::open(name).value();
  auto sender = Sender<Tick>::open(to(name), {.id = {17}}).value();
  sender.send({1, 0}).value();
  auto batch = receiver.receive_batch(8, 10s);
  ASSERT_TRUE(batch) << batch.error().text();
  EXPECT_EQ(batch.sender(), EndId{17});
}

TEST_P(Identity, OptionsGiveTheIdsOfBothEnds) {
  const std::string name = uri();
  auto receiver = Receiver<Tick>::open(name, {.id = {3}}).value();
  auto sender = Sender<Tick>::open(to(name), {.id = {4}}).value();
  EXPECT_EQ(receiver.id(), EndId{3});
  EXPECT_EQ(sender.id(), EndId{4});
  sender.send({1, 0}).value();
  EXPECT_EQ(receiver.receive(10s).sender(), EndId{4});
  EXPECT_EQ(sender.receiver_ids(), std::vector<EndId>{{3}});
  EXPECT_TRUE(receiver.has_sender({4}));
  EXPECT_FALSE(receiver.has_sender({3}));
}

TEST_P(Identity, AFailedReceiveHasNoSender) {
  auto receiver = Receiver<Tick>::open(uri()).value();
  EXPECT_FALSE(receiver.try_receive().sender());
}

TEST_P(Identity, AClonedSenderHasAnIdOfItsOwn) {
  const std::string name = uri();
  auto sender = Sender<Tick>::open(to(name), {.id = {4}}).value();
  auto clone = sender.clone().value();
  EXPECT_TRUE(clone.id());
  EXPECT_NE(clone.id(), sender.id());
}

TEST_P(Identity, ReceiversThatComeAndGoAreSeen) {
  const std::string name = uri();
  auto sender = Sender<Tick>::open(to(name), {.delivery = Delivery::all, .linger = 0s}).value();
  const std::uint64_t before = sender.turnover();
  EXPECT_EQ(sender.wait_for_receiver(1ms).error(), Code::timed_out);
  std::optional<Receiver<Tick>> receiver(Receiver<Tick>::open(name, {.delivery = Delivery::all}).value());
  ASSERT_TRUE(sender.wait_for_receiver(10s));
  EXPECT_EQ(sender.receiver_ids(), std::vector<EndId>{receiver->id()});
  EXPECT_TRUE(eventually([&] { return sender.turnover() != before; }));
  receiver.reset();
  EXPECT_TRUE(eventually([&] { return sender.receivers() == 0; }));
  EXPECT_EQ(sender.wait_for_receiver(1ms).error(), Code::timed_out);
  EXPECT_TRUE(sender.receiver_ids().empty());
}

TEST_P(Identity, WaitingForAReceiverEndsByItsToken) {
  auto sender = Sender<Tick>::open(uri(), {.linger = 0s}).value();
  psyne::StopSource source;
  std::thread stopping([&] { source.request_stop(); });
  EXPECT_EQ(sender.wait_for_receiver(source.token()).error(), Code::stopped);
  stopping.join();
}

TEST_P(Identity, ASenderIsWaitedFor) {
  const std::string name = uri();
  auto receiver = Receiver<Tick>::open(name).value();
  EXPECT_EQ(receiver.wait_for_sender({9}, 1ms).error(), Code::timed_out);
  auto other = Sender<Tick>::open(to(name), {.linger = 0s, .id = {8}}).value();
  EXPECT_EQ(receiver.wait_for_sender({9}, 10ms).error(), Code::timed_out);
  std::optional<Sender<Tick>> sender;
  std::thread opening([&] {
    std::this_thread::sleep_for(20ms);
    sender = Sender<Tick>::open(to(name), {.linger = 0s, .id = {9}}).value();
  });
  EXPECT_TRUE(receiver.wait_for_sender({9}, 10s));
  opening.join();
  EXPECT_TRUE(receiver.has_sender({9}));
}

TEST_P(Identity, WaitingForASenderTakesNoMessage) {
  const std::string name = uri();
  auto receiver = Receiver<Tick>::open(name).value();
  auto sender = Sender<Tick>::open(to(name), {.id = {8}}).value();
  sender.send({1, 0}).value();
  ASSERT_TRUE(receiver.wait_for_sender({8}, 10s));
  EXPECT_EQ(receiver.wait_for_sender({9}, 5ms).error(), Code::timed_out);
  auto tick = receiver.receive(10s);
  ASSERT_TRUE(tick) << tick.error().text();
  EXPECT_EQ(tick->number, 1U);
}

TEST_P(Identity, EachSenderThatClosesIsToldWhereThatIsAskedFor) {
  const std::string name = uri();
  auto receiver = Receiver<Tick>::open(name, {.tell_closed = true}).value();
  for (std::uint64_t i = 1; i <= 2; ++i) {
    {
      auto sender = Sender<Tick>::open(to(name), {.linger = 10s, .name = "number " + std::to_string(i)}).value();
      ASSERT_TRUE(receiver.wait_for_sender(sender.id(), 10s));
      sender.send({i, 0}).value();
      EXPECT_EQ(receiver.receive(10s)->number, i);
    }
    auto end = receiver.receive(10s);
    EXPECT_EQ(end.error(), Code::closed);
    EXPECT_NE(end.error().text().find("number " + std::to_string(i)), std::string::npos) << end.error().text();
    EXPECT_EQ(receiver.receive(5ms).error(), Code::timed_out);  // it waits for the next
  }
  EXPECT_TRUE(receiver.status());
  EXPECT_EQ(receiver.counters().peers_lost, 0U);
}

TEST_P(Identity, ASubscriptionIsToldOfEachSenderThatClosesAndGoesOn) {
  const std::string name = uri();
  auto receiver = Receiver<Tick>::open(name, {.tell_closed = true}).value();
  std::atomic<int> closed{0};
  std::atomic<std::uint64_t> last{0};
  auto subscription =
      receiver.on_message([&](const Tick& tick) { last = tick.number; }, {.on_error = [&](const psyne::Error& error) {
                            EXPECT_EQ(error, Code::closed);
                            ++closed;
                          }});
  ASSERT_TRUE(subscription) << subscription.error().text();
  for (int i = 1; i <= 2; ++i) {
    {
      auto sender = Sender<Tick>::open(to(name)).value();
      sender.send({static_cast<std::uint64_t>(i), 0}).value();
      ASSERT_TRUE(eventually([&] { return last == static_cast<std::uint64_t>(i); }));
    }
    EXPECT_TRUE(eventually([&] { return closed == i; }));
  }
  EXPECT_FALSE(subscription->ended().test());
}

TEST(IdentityOverIpc, OtherProcessesAreKnownByTheirIds) {
  const std::string name = psyne_test::fresh_uri();
  auto receiver = Receiver<Tick>::open(name, {.wait_for_senders = true}).value();
  psyne_test::Process sending([&] {
    auto sender = Sender<Tick>::open(name, {.id = {99}}).value();
    return sender.send({1, 0}).has_value() ? 0 : 1;
  });
  auto tick = receiver.receive(10s);
  ASSERT_TRUE(tick) << tick.error().text();
  EXPECT_EQ(tick.sender(), EndId{99});
  EXPECT_NE(tick.who().find("pid " + std::to_string(sending.pid())), std::string::npos) << tick.who();
}

}  // namespace
