// Channels over connections that are cut, at any byte and in any way: with `reconnect` every message comes once and in
// order, or both ends say that the other is lost.
#include <psyne.hpp>

#include "eventually.hpp"
#include "transports/stream/resume/cut_channel.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne::Receiver;
using psyne::Sender;
using resume_test::Cut;
using resume_test::CuttingProxy;
using Words = psyne::Vector<std::uint64_t>;

/// Message `number`: how many words it has, and each of them, follow from that.
std::size_t length_of(std::uint64_t number) {
  const std::uint64_t drawn = (number + 1) * 0x9e3779b97f4a7c15U >> 40U;
  if (drawn % 256 == 0) return 4096 + drawn % 20'000;  // sent from the program's memory, and read into it
  return drawn % 16 == 0 ? 1 + drawn % 600 : 1 + drawn % 12;
}
std::uint64_t word_of(std::uint64_t number, std::size_t place) { return place == 0 ? number : number * 31 + place; }

class CutStream : public resume_test::CutChannel {};
INSTANTIATE_TEST_SUITE_P(Schemes, CutStream, testing::Values("tcp", "tls", "unix"),
                         [](const auto& scheme) { return std::string(scheme.param); });

void send_all(const std::string& uri, std::uint64_t messages, std::uint64_t& resumed) {
  auto sender = Sender<Words>::open(uri, {.capacity_bytes = 512 << 10}).value();
  std::mt19937 random(3);
  std::vector<std::uint64_t> mine(32'000);
  for (std::uint64_t number = 0; number < messages; ++number) {
    const auto words = std::span(mine).first(length_of(number));
    for (std::size_t place = 0; place < words.size(); ++place) words[place] = word_of(number, place);
    const auto sent = sender.send(std::span<const std::uint64_t>(words), 30s);
    if (!sent) return static_cast<void>(ADD_FAILURE() << number << ": " << sent.error().text());
    if (random() % 2000 == 0) std::this_thread::sleep_for(1ms);
  }
  const auto closed = sender.close(30s);
  EXPECT_TRUE(closed) << closed.error().text();
  resumed = sender.counters().resumed;
  EXPECT_EQ(sender.counters().peers_lost, 0U);
}

/// Who connects before anyone listens behind the proxy is told so.
void expect_first(Receiver<Words>& receiver, std::vector<psyne::Received<Words>>& held) {
  auto first = receiver.receive(30s);
  for (int tries = 0; !first && first.error() == Code::peer_lost && tries < 100; ++tries) first = receiver.receive(30s);
  ASSERT_TRUE(first) << first.error().text();
  EXPECT_EQ((*first)[0], 0U);
  held.push_back(std::move(first));
}

void receive_all(const std::string& uri, std::uint64_t messages) {
  auto receiver = Receiver<Words>::open(uri).value();
  std::mt19937 random(4);
  std::vector<std::uint64_t> buffer(32'000);
  std::vector<psyne::Received<Words>> held;
  expect_first(receiver, held);
  for (std::uint64_t number = 1; number < messages; ++number) {
    std::span<const std::uint64_t> words;
    std::optional<psyne::Received<Words>> view;
    if (random() % 2 == 0) {
      const auto count = receiver.receive_into(std::span(buffer), 30s);
      ASSERT_TRUE(count) << number << ": " << count.error().text();
      words = std::span(buffer).first(*count);
    } else {
      view = receiver.receive(30s);
      ASSERT_TRUE(*view) << number << ": " << view->error().text();
      words = **view;
    }
    ASSERT_EQ(words.size(), length_of(number)) << number << ", where it says that it is " << words[0];
    for (std::size_t place = 0; place < words.size(); ++place) {
      ASSERT_EQ(words[place], word_of(number, place)) << number << " at " << place;
    }
    if (view && random() % 8 == 0) held.push_back(*std::move(view));
    if (held.size() > 3) held.erase(held.begin());
    if (random() % 3000 == 0) std::this_thread::sleep_for(2ms);
  }
  held.clear();
  EXPECT_EQ(receiver.receive(30s).error(), Code::closed);
}

TEST_P(CutStream, IsWholeAndInOrderHoweverOftenItIsCut) {
  for (const bool sender_listens : {false, true}) {
    CuttingProxy& between =
        random_proxy(20, 7, 20'000, [](auto& random) { return random() % 2 == 0 ? 3000 : 1'000'000; });
    constexpr std::uint64_t messages = 30'000;
    std::uint64_t resumed = 0;
    std::jthread sending([&] { send_all(sender_listens ? listening() : calling(), messages, resumed); });
    receive_all(sender_listens ? calling() : listening(), messages);
    sending.join();
    EXPECT_GE(between.cuts(), 10);
    EXPECT_GT(resumed, 5U);
    if (HasFailure()) return;
  }
}

// One message at a time, both asleep before each: what is cut is a credit, a request, or nothing.
TEST_P(CutStream, GoesOnWhereBothSleep) {
  CuttingProxy& between = patient_proxy(Cut::reset);
  auto receiver = Receiver<std::uint64_t>::open(listening()).value();
  auto sender = Sender<std::uint64_t>::open(calling()).value();
  for (std::uint64_t number = 0; number < 40; ++number) {
    ASSERT_TRUE(sender.send(number, 20s));
    if (number % 4 == 1) between.cut();
    const auto message = receiver.receive(20s);
    ASSERT_TRUE(message) << message.error().text();
    ASSERT_EQ(*message, number);
    if (number % 4 == 3) between.cut();
  }
  EXPECT_TRUE(sender.close(20s));
}

TEST_P(CutStream, FillsItsRingMeanwhileAndSaysWhyItWaits) {
  CuttingProxy& between = patient_proxy();
  auto receiver = Receiver<std::uint64_t>::open(listening()).value();
  auto sender = Sender<std::uint64_t>::open(calling(), {.capacity_bytes = 4096, .linger = 0s}).value();
  ASSERT_TRUE(sender.send(0, 20s));
  ASSERT_EQ(*receiver.receive(20s), 0U);
  between.open(false);
  between.cut();
  std::uint64_t sent = 1;
  psyne::Result<void> last;
  ASSERT_TRUE(psyne_test::eventually([&] {
    while ((last = sender.send(sent, 5ms))) ++sent;
    return last.error().text().find("connection broke") != std::string::npos;
  })) << last.error().text();
  EXPECT_EQ(last.error(), Code::timed_out);
  EXPECT_LE(sent, 4096U / 16 + 300);
  EXPECT_EQ(sender.receivers(), 1U);
  between.open(true);
  for (std::uint64_t number = 1; number < sent; ++number) ASSERT_EQ(*receiver.receive(20s), number);
  EXPECT_TRUE(sender.close(20s));
  EXPECT_EQ(receiver.receive(20s).error(), Code::closed);
  EXPECT_EQ(sender.counters().resumed, 1U);
  EXPECT_EQ(receiver.counters().resumed, 1U);
}

TEST_P(CutStream, EndsWhereItIsCutForTooLong) {
  CuttingProxy& between = patient_proxy();
  auto receiver = Receiver<std::uint64_t>::open(listening("200ms"), {.wait_for_senders = true}).value();
  auto sender = Sender<std::uint64_t>::open(calling("200ms"), {.capacity_bytes = 4096, .linger = 0s}).value();
  ASSERT_TRUE(sender.send(0, 20s));
  ASSERT_EQ(*receiver.receive(20s), 0U);
  between.open(false);
  between.cut();
  EXPECT_EQ(receiver.receive(20s).error(), Code::peer_lost);
  EXPECT_EQ(receiver.counters().resumed, 0U);
  psyne::Result<void> sent;
  while (sent) sent = sender.send(1, 20s);
  EXPECT_EQ(sent.error(), Code::peer_lost) << sent.error().text();
  EXPECT_EQ(sender.counters().resumed, 0U);
  between.open(true);
  const auto again = receiver.receive(20s);
  EXPECT_TRUE(again) << again.error().text();
}

TEST_P(CutStream, EndsAtOnceWhereOneEndDoesNotWantIt) {
  for (const bool listener_wants : {false, true}) {
    CuttingProxy& between = patient_proxy();
    auto receiver = Receiver<std::uint64_t>::open(listening(listener_wants ? "1h" : "")).value();
    auto sender =
        Sender<std::uint64_t>::open(calling(listener_wants ? "" : "1h"), {.capacity_bytes = 4096, .linger = 0s})
            .value();
    ASSERT_TRUE(sender.send(0, 20s));
    ASSERT_EQ(*receiver.receive(20s), 0U);
    between.cut();
    EXPECT_EQ(receiver.receive(20s).error(), Code::peer_lost);
    EXPECT_TRUE(psyne_test::eventually([&] { return sender.counters().peers_lost == 1 || !sender.send(1, 0ns); }));
    EXPECT_EQ(sender.counters().resumed, 0U);
  }
}

// Another receiver has come meanwhile at the same place: the link is over, and what was not taken goes to him.
TEST_P(CutStream, IsNotMixedWithASuccessors) {
  CuttingProxy& between = patient_proxy();
  std::optional receiver(Receiver<std::uint64_t>::open(listening("1h&linger=0s")).value());
  auto sender = Sender<std::uint64_t>::open(calling("1h")).value();
  ASSERT_TRUE(sender.send(0, 20s) && sender.send(1, 20s));
  ASSERT_EQ(*receiver->receive(20s), 0U);
  between.open(false);
  between.cut();
  ASSERT_TRUE(psyne_test::eventually([&] { return between.cuts() == 1; }));
  ASSERT_TRUE(sender.send(2, 20s));
  receiver.reset();
  receiver = Receiver<std::uint64_t>::open(listening("1h")).value();
  between.open(true);
  std::uint64_t first = *receiver->receive(20s);
  EXPECT_LE(first, 1U);
  while (first < 2) {
    const std::uint64_t next = *receiver->receive(20s);
    ASSERT_EQ(next, first + 1);
    first = next;
  }
  EXPECT_TRUE(sender.close(20s));
  EXPECT_EQ(sender.counters().resumed, 0U);
  EXPECT_EQ(sender.counters().peers_lost, 1U);
}

}  // namespace
