// What a sender does with a message when there is no room for it.
#include "eventually.hpp"
#include "schemes.hpp"

#include <chrono>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne::Delivery;
using psyne::Receiver;
using psyne::Sender;
using psyne_test::eventually;
using psyne_test::OverEveryScheme;
using psyne_test::Tick;

class WhenFull : public OverEveryScheme {};
INSTANTIATE_TEST_SUITE_P(Schemes, WhenFull, testing::ValuesIn(psyne_test::schemes), psyne_test::scheme_name);

TEST_P(WhenFull, FullRingBlocksUntilTheDeadlineAndSaysForWhom) {
  const std::string name = uri();
  auto sender = Sender<Tick>::open(name, {.capacity_bytes = 4096, .linger = 0s}).value();
  auto receiver = Receiver<Tick>::open(to(name), {.name = "viewer"}).value();
  sender.send({0, 0}).value();
  ASSERT_TRUE(receiver.receive(30s));
  while (sender.try_send({1, 0})) {
  }
  EXPECT_FALSE(sender.writable());
  const auto start = psyne::Clock::now();
  const auto sent = sender.send({2, 0}, 30ms);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error(), Code::timed_out);
  EXPECT_GE(psyne::Clock::now() - start, 30ms);
  EXPECT_NE(sent.error().text().find("viewer"), std::string::npos) << sent.error().text();
  ASSERT_TRUE(receiver.receive(30s));
  EXPECT_TRUE(sender.send({3, 0}, 30s));
  EXPECT_GE(sender.counters().full, 1U);
}

TEST_P(WhenFull, DropNewestDropsAndCounts) {
  const std::string name = uri();
  auto sender =
      Sender<Tick>::open(name, {.capacity_bytes = 4096, .when_full = psyne::WhenFull::drop_newest, .linger = 0s})
          .value();
  for (std::uint64_t i = 0; i < 1000; ++i) EXPECT_TRUE(sender.send({i, 0}));
  const auto counters = sender.counters();
  EXPECT_EQ(counters.messages + counters.dropped_newest, 1000U);
  EXPECT_GT(counters.dropped_newest, 0U);
  auto receiver = Receiver<Tick>::open(to(name)).value();
  for (std::uint64_t i = 0; i < counters.messages; ++i) EXPECT_EQ(receiver.receive(30s)->number, i);
  EXPECT_FALSE(receiver.try_receive());
}

TEST_P(WhenFull, DropOldestKeepsTheNewestAndNeverWhatIsHeld) {
  if (!maps()) GTEST_SKIP() << "is refused, see below";
  const std::string name = uri();
  auto sender =
      Sender<Tick>::open(name, {.capacity_bytes = 4096, .when_full = psyne::WhenFull::drop_oldest, .linger = 0s})
          .value();
  auto receiver = Receiver<Tick>::open(to(name)).value();
  sender.send({0, 0}).value();
  ASSERT_EQ(receiver.receive(30s)->number, 0U);
  for (std::uint64_t i = 1; i <= 1000; ++i) EXPECT_TRUE(sender.send({i, 0}));
  EXPECT_GT(sender.counters().dropped_oldest, 0U);
  EXPECT_EQ(sender.counters().dropped_newest, 0U);

  std::vector<std::uint64_t> numbers;
  while (auto tick = receiver.try_receive()) numbers.push_back(tick->number);
  ASSERT_FALSE(numbers.empty());
  EXPECT_EQ(numbers.back(), 1000U);
  EXPECT_EQ(numbers.size() + sender.counters().dropped_oldest, 1000U);
  for (std::size_t i = 1; i < numbers.size(); ++i) EXPECT_EQ(numbers[i], numbers[i - 1] + 1);

  sender.send({2000, 0}).value();
  auto held = receiver.receive(30s);
  for (std::uint64_t i = 0; i < 1000; ++i) EXPECT_TRUE(sender.send({3000 + i, 0}));
  EXPECT_EQ(held->number, 2000U);
  EXPECT_GT(sender.counters().dropped_newest, 0U);
}

TEST_P(WhenFull, CallbackDecidesWhatFullMeans) {
  int asked = 0;
  auto sender = Sender<Tick>::open(uri(), {.capacity_bytes = 4096,
                                           .when_full = psyne::WhenFull::callback,
                                           .linger = 0s,
                                           .on_full =
                                               [&](const psyne::FullEvent& event) {
                                                 EXPECT_EQ(event.bytes, sizeof(Tick));
                                                 return ++asked == 1 ? psyne::Full::drop : psyne::Full::fail;
                                               }})
                    .value();
  while (sender.try_send({0, 0})) {
  }
  EXPECT_TRUE(sender.send({1, 0}));
  EXPECT_EQ(sender.send({2, 0}).error(), Code::would_block);
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(sender.counters().dropped_newest, 1U);
}

TEST_P(WhenFull, RetryGivesUpAfterItsTries) {
  auto sender = Sender<Tick>::open(
                    uri(), {.capacity_bytes = 4096, .when_full = psyne::WhenFull::retry, .linger = 0s, .retries = 3})
                    .value();
  while (sender.try_send({0, 0})) {
  }
  EXPECT_EQ(sender.send({1, 0}).error(), Code::would_block);
  EXPECT_EQ(sender.counters().retries, 3U);
}

// The window halves at every full ring, so that a slow receiver ends with a short queue instead of a long one.
TEST_P(WhenFull, AdaptiveKeepsLessInFlightForASlowReceiver) {
  const std::string name = uri();
  auto sender =
      Sender<Tick>::open(name, {.capacity_bytes = 65536, .when_full = psyne::WhenFull::adaptive, .linger = 0s}).value();
  std::uint64_t first = 0, last = 0;
  while (sender.try_send({0, 0})) ++first;
  for (int i = 0; i < 20; ++i) EXPECT_EQ(sender.send({0, 0}, 1ms).error(), Code::timed_out);
  auto receiver = Receiver<Tick>::open(to(name)).value();
  for (std::uint64_t i = 0; i < first; ++i) ASSERT_TRUE(receiver.receive(30s));
  ASSERT_TRUE(eventually([&] { return sender.writable(); }));
  while (sender.try_send({0, 0})) ++last;
  EXPECT_LT(last, first / 4);
  EXPECT_GT(last, 0U);
  for (int i = 0; i < 2000; ++i) {  // a receiver that keeps up gets the whole ring back
    ASSERT_TRUE(receiver.receive(30s));
    while (receiver.try_receive()) {
    }
    ASSERT_TRUE(sender.send({0, 0}, 30s));
  }
  std::uint64_t again = 0;
  while (sender.try_send({0, 0})) ++again;
  EXPECT_GT(again, first / 2);
}

// What is across cannot be taken back, so that policy needs shared memory; and with several receivers, whose oldest?
TEST(DropOldest, IsRefusedInWordsWhereItCannotBeKept) {
  const auto open = [](const std::string& uri, Delivery delivery) {
    return Sender<Tick>::open(uri, {.delivery = delivery, .when_full = psyne::WhenFull::drop_oldest});
  };
  for (const auto& refused : {open("sim://drop-oldest", Delivery::single), open("memory://drop-oldest", Delivery::all),
                              open("memory://drop-oldest", Delivery::any)}) {
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), Code::unsupported);
    EXPECT_NE(refused.error().text().find("drop_newest"), std::string::npos) << "what to use instead";
  }
  for (const std::string where : {"sim://drop-oldest", "tcp://127.0.0.1:1/drop-oldest", "tls://127.0.0.1:1/drop-oldest",
                                  "unix:///drop//oldest"}) {
    EXPECT_NE(open(where, Delivery::single).error().text().find("shares memory"), std::string::npos) << where;
  }
}

}  // namespace
