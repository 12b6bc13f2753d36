// A receiver whose connection is broken, and another one that comes for its place: who has it, who hears why, and what
// each of them gets.
#include <psyne.hpp>

#include "eventually.hpp"
#include "transports/stream/resume/cut_channel.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne::Delivery;
using psyne::EndId;
using psyne::ReceiverOptions;
using resume_test::CuttingProxy;

/// A sender that listens, and its receiver behind a proxy. Another one comes past that.
class Replaced : public resume_test::CutChannel {
 protected:
  using Receiver = psyne::Receiver<std::uint64_t>;
  using Sender = psyne::Sender<std::uint64_t>;

  /// The sender has sent all that its ring takes and `taken` more; and knows that the receiver has given back these.
  void meet(std::uint64_t taken, const std::string& reconnect = "1h") {
    sender.emplace(Sender::open(listening(reconnect), {.capacity_bytes = 4096}).value());
    while (sender->send(sent, 0ns)) ++sent;
    between = &proxy([this] {
      ++let_through;
      return std::pair(CuttingProxy::for_ever, resume_test::Cut::hang_up);
    });
    receiver.emplace(Receiver::open(calling(reconnect), {.name = "first"}).value());
    for (std::uint64_t number = 0; number < taken; ++number) {
      const auto message = receiver->receive(30s);
      ASSERT_TRUE(message) << message.error().text();
      ASSERT_EQ(*message, number);
    }
    for (const std::uint64_t end = sent + taken; sent < end; ++sent) ASSERT_TRUE(sender->send(sent, 30s));
  }
  /// The ring is full, so the sender says whom it waits for.
  void cut() {
    between->open(false);
    between->cut();
    ASSERT_TRUE(psyne_test::eventually(
        [&] { return sender->send(0, 1ms).error().text().find("connection broke") != std::string::npos; }));
  }
  /// After this who comes has its place.
  static void be_broken_for_long() { std::this_thread::sleep_for(1s); }
  Receiver other(ReceiverOptions options = {}) const {
    options.name = "second";
    return Receiver::open(beside("1h"), options).value();
  }
  /// The next message, whoever else may still have the place.
  static auto next(Receiver& receiver) {
    auto message = receiver.receive(30s);
    while (!message && message.error() == Code::in_use) message = receiver.receive(30s);
    return message;
  }
  static void expect_all(Receiver& receiver, std::uint64_t from, std::uint64_t end) {
    for (std::uint64_t number = from; number < end; ++number) {
      const auto message = next(receiver);
      ASSERT_TRUE(message) << number << ": " << message.error().text();
      ASSERT_EQ(*message, number);
    }
  }
  /// What the first one says when it has come back, behind what had arrived before.
  void expect_refused() {
    auto message = receiver->receive(30s);
    while (message) message = receiver->receive(30s);
    ASSERT_EQ(message.error(), Code::refused) << message.error().text();
    EXPECT_NE(message.error().text().find("replaced by receiver second (pid "), std::string::npos)
        << message.error().text();
    EXPECT_NE(message.error().text().find("sender"), std::string::npos);
    EXPECT_EQ(receiver->status().error(), Code::refused) << receiver->status().error().text();
    EXPECT_EQ(receiver->senders(), 0U);
  }

  CuttingProxy* between = nullptr;
  std::atomic<int> let_through{0};
  std::optional<Sender> sender;
  std::optional<Receiver> receiver;
  std::uint64_t sent = 0;
};
INSTANTIATE_TEST_SUITE_P(Schemes, Replaced, testing::Values("tcp", "tls", "unix"),
                         [](const auto& scheme) { return std::string(scheme.param); });
class ReplacedOverTcp : public Replaced {};
INSTANTIATE_TEST_SUITE_P(Schemes, ReplacedOverTcp, testing::Values("tcp"),
                         [](const auto& scheme) { return std::string(scheme.param); });

// Nothing that was given back comes again, and nothing that was not is missing.
TEST_P(Replaced, ItsSuccessorGoesOnBehindWhatItGaveBackAndItHearsWhy) {
  ASSERT_NO_FATAL_FAILURE(meet(100));
  ASSERT_NO_FATAL_FAILURE(cut());
  be_broken_for_long();
  auto second = other();
  ASSERT_NO_FATAL_FAILURE(expect_all(second, 100, sent));
  EXPECT_EQ(sender->receivers(), 1U);
  EXPECT_EQ(sender->counters().peers_lost, 1U);
  between->open(true);
  ASSERT_NO_FATAL_FAILURE(expect_refused());
  receiver.reset();
  std::jthread closing([&] { EXPECT_TRUE(sender->close(30s)); });
  EXPECT_EQ(second.receive(30s).error(), Code::closed);
  EXPECT_TRUE(second.status()) << "nobody took its place";
}

// Who comes back soon finds its place, whoever asked for it meanwhile.
TEST_P(Replaced, NotByOneThatComesBeforeItCouldComeBack) {
  ASSERT_NO_FATAL_FAILURE(meet(10));
  between->cut();
  auto second = other();
  const auto refused = second.receive(30s);
  ASSERT_EQ(refused.error(), Code::in_use) << refused.error().text();
  ASSERT_NO_FATAL_FAILURE(expect_all(*receiver, 10, sent));
  EXPECT_TRUE(receiver->status());
  EXPECT_EQ(sender->counters().peers_lost, 0U);
  std::jthread closing([&] { EXPECT_TRUE(sender->close(30s)); });
  const auto end = receiver->receive(30s);
  EXPECT_EQ(end.error(), Code::closed) << end.error().text();
}

TEST_P(ReplacedOverTcp, ByOneThatWasTooEarlyAndAsksAgain) {
  ASSERT_NO_FATAL_FAILURE(meet(1));
  ASSERT_NO_FATAL_FAILURE(cut());
  auto second = other();
  auto message = second.receive(30s);
  for (; !message; message = second.receive(30s)) {
    const std::string text = message.error().text();
    ASSERT_EQ(message.error(), Code::in_use) << text;
    EXPECT_NE(text.find("receiver first"), std::string::npos) << text;
    EXPECT_NE(text.find("connection broke"), std::string::npos) << text;
  }
  EXPECT_EQ(*message, 1U);
  ASSERT_NO_FATAL_FAILURE(expect_all(second, 2, sent));
  between->open(true);
  ASSERT_NO_FATAL_FAILURE(expect_refused());
  std::jthread closing([&] { EXPECT_TRUE(sender->close(30s)); });
  EXPECT_EQ(second.receive(30s).error(), Code::closed);
}

// One of them has the place, and all that was not given back; the other one knows that it does not.
TEST_P(ReplacedOverTcp, OrNotWhereBothComeAtOnce) {
  for (const bool first_is_at_the_door : {false, true}) {
    sent = 0;
    ASSERT_NO_FATAL_FAILURE(meet(50));
    ASSERT_NO_FATAL_FAILURE(cut());
    be_broken_for_long();
    const int before = let_through;
    between->open(true);
    if (first_is_at_the_door) {
      ASSERT_TRUE(psyne_test::eventually([&] { return let_through > before; }));
    }
    auto second = other();
    std::set<std::uint64_t> firsts, seconds;
    const auto take = [](Receiver& from, std::set<std::uint64_t>& into) {
      const auto message = from.receive(5ms);
      if (!message) return message.error().code();
      EXPECT_TRUE(into.empty() || *message == *into.rbegin() + 1) << *message << " after " << *into.rbegin();
      into.insert(*message);
      return Code::timed_out;
    };
    Code first_says = Code::timed_out;
    ASSERT_TRUE(psyne_test::eventually([&] {
      if (const Code code = take(*receiver, firsts); code == Code::refused) first_says = code;
      static_cast<void>(take(second, seconds));
      const bool replaced = first_says == Code::refused && seconds.contains(sent - 1);
      return replaced || (sender->counters().resumed == 1 && firsts.contains(sent - 1));
    })) << firsts.size()
        << " and " << seconds.size();
    if (first_says == Code::refused) {
      EXPECT_EQ(*seconds.begin(), 50U);
      EXPECT_EQ(sender->counters().peers_lost, 1U);
      EXPECT_EQ(sender->counters().resumed, 0U);
    } else {
      EXPECT_TRUE(seconds.empty()) << *seconds.begin() << " came to both";
      EXPECT_EQ(*firsts.begin(), 50U);
      EXPECT_EQ(sender->counters().peers_lost, 0U);
    }
    EXPECT_EQ(sender->receivers(), 1U);
    receiver.reset();
    sender.reset();
  }
}

// Both wait for the connection, for an hour, to say their last words: the sender's are for the other one, and the
// receiver's for nobody.
TEST_P(ReplacedOverTcp, WhileBothEndsClose) {
  ASSERT_NO_FATAL_FAILURE(meet(20, "1h&linger=1h"));
  ASSERT_NO_FATAL_FAILURE(cut());
  std::jthread first_closes([&] { receiver.reset(); });
  std::jthread sender_closes([&] { EXPECT_TRUE(sender->close()); });
  be_broken_for_long();
  auto second = other();
  ASSERT_NO_FATAL_FAILURE(expect_all(second, 20, sent - 1));
  between->open(true);
  first_closes.join();
  ASSERT_NO_FATAL_FAILURE(expect_all(second, sent - 1, sent));
  EXPECT_EQ(second.receive(30s).error(), Code::closed);
}

TEST_P(ReplacedOverTcp, ByANamesakeWhereTheSenderNamesWhoGetsWhat) {
  const EndId mine = EndId::random().value(), bystanders = EndId::random().value();
  const auto routed = [](EndId id) { return ReceiverOptions{.delivery = Delivery::routed, .id = id}; };
  between = &patient_proxy();
  sender.emplace(Sender::open(listening("1h"), {.delivery = Delivery::routed}).value());
  receiver.emplace(Receiver::open(calling("1h"), routed(mine)).value());
  auto bystander = Receiver::open(beside("1h"), routed(bystanders)).value();
  ASSERT_TRUE(psyne_test::eventually([&] { return sender->receiver_ids().size() == 2; }));
  ASSERT_TRUE(sender->send_to(mine, 1, 30s));
  ASSERT_EQ(*receiver->receive(30s), 1U);
  between->open(false);
  between->cut();
  ASSERT_TRUE(psyne_test::eventually([&] { return between->cuts() == 1; }));
  be_broken_for_long();
  auto second = other(routed(mine));
  // What is sent before that one is there is for the first, and goes with it.
  ASSERT_TRUE(psyne_test::eventually([&] {
    if (sender->counters().peers_lost == 0) static_cast<void>(sender->send_to(bystanders, 7, 0ns));
    return sender->counters().peers_lost == 1 && sender->receiver_ids().size() == 2;
  }));
  ASSERT_TRUE(sender->send_to(mine, 2, 30s) && sender->send_to(bystanders, 3, 30s));
  const auto message = next(second);
  ASSERT_TRUE(message) << message.error().text();
  EXPECT_EQ(*message, 2U);
  auto beside_it = bystander.receive(30s);
  while (beside_it && *beside_it == 7) beside_it = bystander.receive(30s);
  EXPECT_EQ(*beside_it, 3U) << "who has another id keeps its place";
  between->open(true);
  ASSERT_NO_FATAL_FAILURE(expect_refused());
}

}  // namespace
