// What becomes of a subscriber that does not keep up: the policies, and that nothing is dropped silently.
#include "feeds.hpp"

#include <optional>
#include <thread>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne::SlowSubscriber;
using psyne_test::all_numbers;
using psyne_test::Closing;
using psyne_test::eventually;
using psyne_test::Feed;
using psyne_test::Reader;

class SlowSubscribers : public psyne_test::FeedOverEveryScheme {
 protected:
  // Publishes until the ring of somebody who takes nothing is full; how many were published.
  template <class Full>
  std::uint64_t fill(Feed& feed, Full&& full) {
    std::uint64_t published = 0;
    while (!full() && published < 100'000) static_cast<void>(feed.publish("a", {++published, 0}, 20ms));
    return published;
  }
};
INSTANTIATE_TEST_SUITE_P(Schemes, SlowSubscribers, testing::ValuesIn(psyne_test::feed_schemes),
                         psyne_test::scheme_name);

TEST_P(SlowSubscribers, DropTellsHowManyWereMissed) {
  auto feed = publisher({.slow = SlowSubscriber::drop_newest, .capacity_bytes = 4096});
  auto slow = subscriber({""});
  auto quick = subscriber({"b"});
  ASSERT_TRUE(feed.wait_for_subscribers(2, 20s));
  std::uint64_t published = fill(feed, [&] { return feed.counters().dropped >= 10; });
  const std::uint64_t dropped = feed.counters().dropped;
  ASSERT_EQ(dropped, 10U);
  EXPECT_EQ(feed.publish("b", {500'000, 0}).value() >= 1, true);  // others are not touched
  EXPECT_EQ(quick.receive(20s)->number, 500'000U);
  std::uint64_t received = 0;
  std::uint64_t missed = 0;
  std::uint64_t last = 0;
  // Makes room, and publishes until what comes next gets through: it tells the gap.
  while (missed == 0) {
    auto message = slow.receive(200ms);
    if (!message) {
      ASSERT_EQ(message.error(), Code::timed_out) << message.error().text();
      static_cast<void>(feed.publish("a", {++published, 0}));
      continue;
    }
    ++received;
    if (message.missed() != 0) {
      missed = message.missed();
      EXPECT_GT(message->number, last + 1);
    } else {
      EXPECT_EQ(message->number, last + 1);
    }
    last = message->number;
  }
  EXPECT_GE(missed, 10U);
  EXPECT_EQ(slow.counters().missed, missed);
  EXPECT_EQ(feed.counters().dropped, missed);
  EXPECT_EQ(slow.counters().received, received);
}

TEST_P(SlowSubscribers, WhatWasDroppedLastIsToldAtTheEnd) {
  auto feed = publisher({.slow = SlowSubscriber::drop_newest, .capacity_bytes = 4096});
  auto slow = subscriber({""});
  ASSERT_TRUE(feed.wait_for_subscribers(1, 20s));
  const std::uint64_t published = fill(feed, [&] { return feed.counters().dropped >= 7; });
  const Closing closing(feed);
  const auto numbers = all_numbers(slow);
  EXPECT_EQ(numbers.size(), published - 7);
  EXPECT_EQ(slow.counters().missed, 7U);
  EXPECT_TRUE(slow.status());
}

TEST_P(SlowSubscribers, BlockWaitsForRoomAndThenSaysWhoHadNone) {
  auto feed = publisher({.capacity_bytes = 4096});
  auto slow = Reader::open(to(), {.topics = {""}, .name = "dawdler"}).value();
  auto quick = subscriber({""});
  ASSERT_TRUE(feed.wait_for_subscribers(2, 20s));
  psyne::Result<std::size_t> sent = 0;
  std::uint64_t published = 0;
  std::uint64_t taken = 0;
  while (sent && published < 100'000) {
    sent = feed.publish("a", {++published, 0}, 500ms);  // the quick one's room may take its time to come back
    for (; quick.receive(20s)->number != published; ++taken) {
    }
    ++taken;
  }
  EXPECT_EQ(sent.error(), Code::timed_out);
  EXPECT_NE(sent.error().text().find("dawdler"), std::string::npos) << sent.error().text();
  EXPECT_EQ(taken, published) << "the other one got all";
  EXPECT_EQ(feed.counters().dropped, 1U);
  std::thread publishing([&] {
    static_cast<void>(feed.publish("a", {++published, 0}, 20s).value());
    EXPECT_TRUE(feed.close(20s));
  });
  std::thread reading([&] { EXPECT_EQ(all_numbers(quick).size(), 1U); });
  std::uint64_t missed = 0;
  std::uint64_t received = 0;
  for (auto& message : slow) {
    missed += message.missed();
    ++received;
  }
  publishing.join();
  reading.join();
  EXPECT_EQ(missed, 1U);
  EXPECT_EQ(received + missed, published);
}

TEST_P(SlowSubscribers, BlockEndsByAStop) {
  auto feed = publisher({.capacity_bytes = 4096, .linger = 0s});
  auto slow = subscriber({""});
  ASSERT_TRUE(feed.wait_for_subscribers(1, 20s));
  psyne::StopSource source;
  std::thread stopping([&] {
    std::this_thread::sleep_for(50ms);
    source.request_stop();
  });
  psyne::Result<std::size_t> sent = 0;
  for (std::uint64_t i = 1; sent && i < 100'000; ++i) sent = feed.publish("a", {i, 0}, source.token());
  EXPECT_EQ(sent.error(), Code::stopped);
  stopping.join();
}

TEST_P(SlowSubscribers, BlockEndsWithTheSubscriber) {
  auto feed = publisher({.capacity_bytes = 4096});
  std::optional<Reader> slow = subscriber({""});
  auto quick = subscriber({"b"});
  ASSERT_TRUE(feed.wait_for_subscribers(2, 20s));
  std::thread leaving([&] {
    std::this_thread::sleep_for(50ms);
    slow.reset();
  });
  for (std::uint64_t i = 1; feed.subscribers("a") == 1; ++i) {
    ASSERT_TRUE(feed.publish("a", {i, 0}, 20s));
    ASSERT_LT(i, 100'000'000U);
  }
  leaving.join();
  EXPECT_EQ(feed.publish("b", {1, 0}, 20s).value(), 1U);
  EXPECT_EQ(quick.receive(20s)->number, 1U);
  EXPECT_TRUE(eventually([&] { return feed.subscribers() == 1; }));
}

TEST_P(SlowSubscribers, DisconnectTellsTheOneAndServesTheOthers) {
  auto feed = publisher({.slow = SlowSubscriber::disconnect, .capacity_bytes = 4096});
  auto slow = subscriber({""});
  auto quick = subscriber({"b"});
  ASSERT_TRUE(feed.wait_for_subscribers(2, 20s));
  const std::uint64_t published = fill(feed, [&] { return feed.counters().disconnected == 1; });
  EXPECT_EQ(feed.subscribers(), 1U);
  EXPECT_EQ(feed.publish("b", {500'000, 0}, 20s).value(), 1U);
  EXPECT_EQ(quick.receive(20s)->number, 500'000U);
  std::uint64_t received = 0;
  psyne::Published<psyne_test::Tick> last = slow.receive(20s);
  for (; last; last = slow.receive(20s)) EXPECT_EQ(last->number, ++received);
  EXPECT_EQ(received, published - 1) << "it gets what it was sent before";
  EXPECT_EQ(last.error(), Code::refused) << last.error().text();
  EXPECT_NE(last.error().text().find("not taken in time"), std::string::npos) << last.error().text();
  EXPECT_EQ(slow.receive(20s).error(), Code::closed);
  EXPECT_EQ(slow.publishers(), 0U);
  auto anew = subscriber({""});
  ASSERT_TRUE(feed.wait_for_subscribers(2, 20s));
  EXPECT_EQ(feed.publish("b", {500'001, 0}, 20s).value(), 2U);
  EXPECT_EQ(anew.receive(20s)->number, 500'001U);
}

TEST_P(SlowSubscribers, ALoopEndsWithTheDisconnection) {
  auto feed = publisher({.slow = SlowSubscriber::disconnect, .capacity_bytes = 4096});
  auto slow = subscriber({""});
  ASSERT_TRUE(feed.wait_for_subscribers(1, 20s));
  fill(feed, [&] { return feed.counters().disconnected == 1; });
  static_cast<void>(all_numbers(slow));
  EXPECT_EQ(slow.status().error(), Code::refused);
}

TEST_P(SlowSubscribers, ReplayThatDoesNotFitIsCounted) {
  auto feed = publisher({.slow = SlowSubscriber::drop_newest, .keep = 1000, .capacity_bytes = 4096});
  for (std::uint64_t i = 1; i <= 1000; ++i) feed.publish("a", {i, 0}).value();
  auto reader = subscriber({""}, 1000);
  ASSERT_TRUE(feed.wait_for_subscribers(1, 20s));
  const Closing closing(feed);
  const auto numbers = all_numbers(reader);
  EXPECT_GT(numbers.size(), 10U);
  EXPECT_LT(numbers.size(), 1000U);
  EXPECT_EQ(numbers.size() + reader.counters().missed, 1000U);
}

}  // namespace
