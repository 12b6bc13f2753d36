// Topics, prefixes, and who gets what; over every transport.
#include <psyne/core/task/sync_wait.hpp>

#include "feeds.hpp"

#include <atomic>
#include <mutex>
#include <optional>
#include <thread>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne_test::all_numbers;
using psyne_test::Closing;
using psyne_test::eventually;
using psyne_test::Feed;
using psyne_test::Reader;
using psyne_test::Tick;
using Numbers = std::vector<std::uint64_t>;

class Publication : public psyne_test::FeedOverEveryScheme {};
INSTANTIATE_TEST_SUITE_P(Schemes, Publication, testing::ValuesIn(psyne_test::feed_schemes), psyne_test::scheme_name);

TEST_P(Publication, EachGetsWhatItsPrefixesMatchAndNothingElse) {
  auto feed = publisher();
  auto bonds = subscriber({"eu.bonds"});
  auto europe = subscriber({"eu."});
  auto all = subscriber({""});
  auto overlapping = subscriber({"eu.", "eu.b", "eu.bonds", "us.", "eu."});
  auto nothing = subscriber({});
  auto exact = subscriber({"eu.bonds.long.and.longer"});
  ASSERT_TRUE(feed.wait_for_subscribers(6, 20s));
  EXPECT_EQ(feed.subscribers("eu.bonds"), 4U);
  EXPECT_EQ(feed.publish("eu.bonds", {1, 0.5}, 10s).value(), 4U);
  EXPECT_EQ(feed.publish("eu.shares", {2, 0}, 10s).value(), 3U);
  EXPECT_EQ(feed.publish("us.bonds", {3, 0}, 10s).value(), 2U);
  EXPECT_EQ(feed.publish("", {4, 0}, 10s).value(), 1U);
  EXPECT_EQ(feed.publish("eu", {5, 0}, 10s).value(), 1U);
  EXPECT_EQ(feed.publish("eu.bonds.long", {6, 0}, 10s).value(), 4U);
  EXPECT_EQ(feed.counters().published, 6U);
  EXPECT_EQ(feed.counters().delivered, 15U);
  const Closing closing(feed);
  EXPECT_EQ(all_numbers(bonds), (Numbers{1, 6}));
  EXPECT_EQ(all_numbers(europe), (Numbers{1, 2, 6}));
  EXPECT_EQ(all_numbers(all), (Numbers{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(all_numbers(overlapping), (Numbers{1, 2, 3, 6}));
  EXPECT_EQ(all_numbers(nothing), Numbers{});
  EXPECT_EQ(all_numbers(exact), Numbers{});
  EXPECT_TRUE(all.status());
  EXPECT_EQ(all.counters().received, 6U);
  EXPECT_EQ(all.counters().missed, 0U);
}

TEST_P(Publication, TopicValueAndPublisherArrive) {
  auto feed = publisher({.name = "exchange"});
  auto reader = subscriber({"eu."});
  ASSERT_TRUE(feed.wait_for_subscribers(1, 20s));
  feed.publish("eu.bonds", {7, 101.5}, 10s).value();
  auto message = reader.receive(20s);
  ASSERT_TRUE(message) << message.error().text();
  EXPECT_EQ(message.topic(), "eu.bonds");
  EXPECT_EQ(message->number, 7U);
  EXPECT_EQ((*message).price, 101.5);
  EXPECT_EQ(message.publisher(), feed.id());
  EXPECT_NE(message.who().find("exchange"), std::string::npos) << message.who();
  EXPECT_EQ(message.missed(), 0U);
  EXPECT_FALSE(message.replayed());
  EXPECT_EQ(reader.publishers(), 1U);
  message.release();
  EXPECT_EQ(reader.try_receive().error(), Code::would_block);
  const auto late = reader.receive(10ms);
  EXPECT_EQ(late.error(), Code::timed_out) << late.error().text();
}

TEST_P(Publication, TopicsAreBytesUpToALength) {
  auto feed = publisher();
  const std::string zeros(2, '\0');
  const std::string longest(255, 'x');
  auto reader = subscriber({zeros, longest});
  ASSERT_TRUE(feed.wait_for_subscribers(1, 20s));
  EXPECT_EQ(feed.publish(zeros + "\xff", {1, 0}, 10s).value(), 1U);
  EXPECT_EQ(feed.publish(std::string(1, '\0'), {2, 0}, 10s).value(), 0U);
  EXPECT_EQ(feed.publish(longest, {3, 0}, 10s).value(), 1U);
  EXPECT_EQ(feed.publish(longest + "x", {4, 0}, 10s).error(), Code::too_large);
  auto message = reader.receive(20s);
  ASSERT_TRUE(message) << message.error().text();
  EXPECT_EQ(message.topic(), zeros + "\xff");
  EXPECT_EQ(reader.receive(20s).topic(), longest);
  EXPECT_EQ(Reader::open(to(), {.topics = {longest + "x"}}).error(), Code::too_large);
  EXPECT_EQ(reader.subscribe(longest + "x").error(), Code::too_large);
}

TEST_P(Publication, ManyPrefixesAreTakenOrRefusedWithAWord) {
  auto feed = publisher();
  auto reader = subscriber({});
  std::vector<std::string> prefixes;
  for (int i = 0; i < 180; ++i) prefixes.push_back(std::string(250, 'x') + std::to_string(1000 + i));
  for (std::size_t i = 0; i < 20; ++i) ASSERT_TRUE(reader.subscribe(prefixes[i]));
  auto many = subscriber(prefixes);
  ASSERT_TRUE(eventually([&] { return feed.subscribers(prefixes[0]) == 2; }));
  EXPECT_EQ(feed.subscribers(prefixes.back()), 1U);
  psyne::Result<void> result;
  for (int i = 0; result && i < 100; ++i) result = many.subscribe(std::string(250, 'y') + std::to_string(1000 + i));
  EXPECT_EQ(result.error(), Code::too_large);
  EXPECT_EQ(feed.publish(prefixes.back(), {1, 0}, 10s).value(), 1U);
  EXPECT_EQ(many.receive(20s)->number, 1U);
}

TEST_P(Publication, PrefixesComeAndGoWhileItRuns) {
  auto feed = publisher();
  auto reader = subscriber({"a"});
  ASSERT_TRUE(feed.wait_for_subscribers(1, 20s));
  ASSERT_TRUE(reader.subscribe("b"));
  ASSERT_TRUE(reader.subscribe("b"));
  ASSERT_TRUE(eventually([&] { return feed.subscribers("b1") == 1; }));
  EXPECT_EQ(feed.publish("a1", {1, 0}, 10s).value(), 1U);
  EXPECT_EQ(feed.publish("b1", {2, 0}, 10s).value(), 1U);
  ASSERT_TRUE(reader.unsubscribe("a"));
  EXPECT_EQ(reader.unsubscribe("a").error(), Code::not_found);
  EXPECT_EQ(reader.unsubscribe("b1").error(), Code::not_found);
  ASSERT_TRUE(eventually([&] { return feed.subscribers("a1") == 0; }));
  EXPECT_EQ(feed.publish("a1", {3, 0}, 10s).value(), 0U);
  EXPECT_EQ(feed.publish("b1", {4, 0}, 10s).value(), 1U);
  const Closing closing(feed);
  EXPECT_EQ(all_numbers(reader), (Numbers{1, 2, 4}));
}

TEST_P(Publication, SubscribersMayComeFirstAndLate) {
  auto early = subscriber({""});
  auto feed = publisher();
  ASSERT_TRUE(feed.wait_for_subscribers(1, 20s));
  feed.publish("x", {1, 0}, 10s).value();
  auto late = subscriber({""});
  ASSERT_TRUE(feed.wait_for_subscribers(2, 20s));
  feed.publish("x", {2, 0}, 10s).value();
  const Closing closing(feed);
  EXPECT_EQ(all_numbers(early), (Numbers{1, 2}));
  EXPECT_EQ(all_numbers(late), Numbers{2});
}

TEST_P(Publication, WaitingForSubscribersEnds) {
  auto feed = publisher();
  const auto late = feed.wait_for_subscribers(1, 10ms);
  EXPECT_EQ(late.error(), Code::timed_out);
  EXPECT_NE(late.error().text().find("0 subscribers had come of 1"), std::string::npos) << late.error().text();
  psyne::StopSource source;
  std::thread stopping([&] { source.request_stop(); });
  EXPECT_EQ(feed.wait_for_subscribers(1, source.token()).error(), Code::stopped);
  stopping.join();
  EXPECT_EQ(feed.publish("x", {1, 0}).value(), 0U);
}

TEST_P(Publication, WhoComesLaterGetsTheLastThatWereKeptFirst) {
  auto feed = publisher({.keep = 4});
  for (std::uint64_t i = 1; i <= 10; ++i) feed.publish(i % 2 == 0 ? "even" : "odd", {i, 0}, 10s).value();
  auto both = subscriber({""}, 100);
  auto even = subscriber({"even"}, 100);
  auto last = subscriber({""}, 1);
  auto none = subscriber({""});
  ASSERT_TRUE(feed.wait_for_subscribers(4, 20s));
  feed.publish("even", {12, 0}, 10s).value();
  auto first = both.receive(20s);
  ASSERT_TRUE(first) << first.error().text();
  EXPECT_TRUE(first.replayed());
  EXPECT_EQ(first->number, 7U);
  const Closing closing(feed);
  EXPECT_EQ(all_numbers(both), (Numbers{8, 9, 10, 12}));
  EXPECT_EQ(all_numbers(even), (Numbers{8, 10, 12}));
  EXPECT_EQ(all_numbers(last), (Numbers{10, 12}));
  EXPECT_EQ(all_numbers(none), Numbers{12});
  EXPECT_EQ(both.counters().missed, 0U);
}

TEST_P(Publication, WhatIsKeptComesThoughNothingIsPublished) {
  auto feed = publisher({.keep = 3});
  for (std::uint64_t i = 1; i <= 3; ++i) feed.publish("state." + std::to_string(i), {i, 0}).value();
  auto reader = subscriber({"state.2"}, 3);
  auto message = reader.receive(20s);
  ASSERT_TRUE(message) << message.error().text();
  EXPECT_EQ(message.topic(), "state.2");
  ASSERT_TRUE(reader.subscribe("state."));  // what it has is not sent again
  EXPECT_EQ(reader.receive(20s)->number, 1U);
  EXPECT_EQ(reader.receive(20s)->number, 3U);
  EXPECT_EQ(reader.receive(20ms).error(), Code::timed_out);
}

TEST_P(Publication, OrderHoldsForEachOfManySubscribers) {
  constexpr std::uint64_t count = 3000;
  auto feed = publisher({.capacity_bytes = 16 * 1024});
  std::vector<std::thread> readers;
  std::atomic<int> whole{0};
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back([&, i] {
      auto reader = subscriber(i % 2 == 0 ? std::vector<std::string>{""} : std::vector<std::string>{"b"});
      std::uint64_t next = i % 2 == 0 ? 0 : 1;
      std::uint64_t seen = 0;
      for (auto& [topic, tick] : reader) {
        EXPECT_EQ(tick.number, next);
        next = tick.number + (i % 2 == 0 ? 1 : 2);
        ++seen;
      }
      EXPECT_EQ(reader.counters().missed, 0U);
      if (reader.status() && seen == (i % 2 == 0 ? count : count / 2)) ++whole;
    });
  }
  EXPECT_TRUE(feed.wait_for_subscribers(4, 20s));
  for (std::uint64_t i = 0; i < count; ++i) feed.publish(i % 2 == 0 ? "a" : "b", {i, 0}, 20s).value();
  EXPECT_TRUE(feed.close(20s));
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(whole, 4);
}

TEST_P(Publication, ManyPublishersOfOneNameAreMergedOrOneIsRefused) {
  auto one = publisher();
  auto other = Feed::open(at(), {.linger = 1s});
  if (listens()) {
    EXPECT_EQ(other.error(), Code::in_use);
    return;
  }
  ASSERT_TRUE(other) << other.error().text();
  auto reader = subscriber({""});
  ASSERT_TRUE(one.wait_for_subscribers(1, 20s));
  ASSERT_TRUE(other->wait_for_subscribers(1, 20s));
  for (std::uint64_t i = 0; i < 50; ++i) {
    one.publish("one", {i, 0}, 10s).value();
    other->publish("other", {i, 0}, 10s).value();
  }
  std::uint64_t next_one = 0, next_other = 0;
  while (next_one + next_other < 100) {
    auto message = reader.receive(20s);
    ASSERT_TRUE(message) << message.error().text();
    const bool from_one = message.publisher() == one.id();
    EXPECT_EQ(message.topic(), from_one ? "one" : "other");
    EXPECT_EQ(message->number, from_one ? next_one++ : next_other++);
  }
  {
    const Closing closing(one);
    other->publish("other", {99, 0}, 10s).value();
    EXPECT_EQ(reader.receive(20s)->number, 99U);
    EXPECT_EQ(reader.receive(100ms).error(), Code::timed_out);  // that one has closed is no end
  }
  const Closing closing(*other);
  EXPECT_EQ(reader.receive(20s).error(), Code::closed);
  EXPECT_EQ(reader.receive(20s).error(), Code::closed);
}

TEST_P(Publication, APublisherThatComesLaterLearnsThePrefixes) {
  auto reader = Reader::open(to(), {.topics = {"a"}, .wait_for_publishers = true}).value();
  std::thread receiving([&] {
    for (std::uint64_t life = 1; life <= 4; ++life) {
      auto message = reader.receive(life == 4 ? 20ms : 30s);
      EXPECT_EQ(static_cast<bool>(message), life < 4) << life;
      if (message) {
        EXPECT_EQ(message->number, life);
      }
    }
  });
  for (std::uint64_t life = 1; life <= 3; ++life) {
    auto feed = publisher();
    EXPECT_TRUE(feed.wait_for_subscribers(1, 20s)) << life;
    EXPECT_EQ(feed.publish("b", {0, 0}, 10s).value(), 0U);
    EXPECT_EQ(feed.publish("a", {life, 0}, 10s).value(), 1U);
    if (life < 3) {
      EXPECT_TRUE(feed.close(20s));
    }
  }
  receiving.join();
}

TEST_P(Publication, TasksReceive) {
  auto feed = publisher();
  auto reader = subscriber({"a"});
  ASSERT_TRUE(feed.wait_for_subscribers(1, 20s));
  const auto sum = [&]() -> psyne::Task<std::uint64_t> {
    std::uint64_t total = 0;
    for (;;) {
      auto message = co_await reader.receive_async(20s);
      if (!message) {
        EXPECT_EQ(message.error(), Code::closed) << message.error().text();
        co_return total;
      }
      total += message->number;
    }
  };
  std::thread publishing([&] {
    for (std::uint64_t i = 1; i <= 100; ++i) feed.publish("a", {i, 0}, 20s).value();
    EXPECT_TRUE(feed.close(20s));
  });
  EXPECT_EQ(psyne::sync_wait(sum()), 5050U);
  publishing.join();
}

TEST_P(Publication, CallbacksReceive) {
  auto feed = publisher();
  auto reader = subscriber({"a"});
  std::mutex mutex;
  Numbers numbers;
  std::atomic<bool> closed{false};
  auto subscription = reader.on_message(
      [&](std::string_view topic, const Tick& tick) {
        EXPECT_EQ(topic, "a");
        const std::lock_guard lock(mutex);
        numbers.push_back(tick.number);
      },
      {.on_error = [&](const psyne::Error& error) {
        EXPECT_EQ(error, Code::closed) << error.text();
        closed = true;
      }});
  ASSERT_TRUE(subscription) << subscription.error().text();
  ASSERT_TRUE(feed.wait_for_subscribers(1, 20s));
  for (std::uint64_t i = 0; i < 20; ++i) feed.publish("a", {i, 0}, 20s).value();
  EXPECT_TRUE(feed.close(20s));
  EXPECT_TRUE(eventually([&] { return closed.load(); }));
  const std::lock_guard lock(mutex);
  EXPECT_EQ(numbers.size(), 20U);
  EXPECT_TRUE(std::ranges::is_sorted(numbers));
}

TEST_P(Publication, AWaitForMessagesStops) {
  auto feed = publisher();
  auto reader = subscriber({"a"});
  psyne::StopSource source;
  std::thread stopping([&] { source.request_stop(); });
  EXPECT_EQ(reader.receive(source.token()).error(), Code::stopped);
  stopping.join();
}

TEST_P(Publication, WhatWasClosedOrMovedFromSaysSo) {
  auto feed = publisher();
  EXPECT_TRUE(feed.close());
  EXPECT_TRUE(feed.close());
  EXPECT_EQ(feed.publish("a", {1, 0}).error(), Code::invalid_state);
  EXPECT_EQ(feed.wait_for_subscribers(1, 1s).error(), Code::invalid_state);
  EXPECT_EQ(feed.subscribers(), 0U);
  auto reader = subscriber({""});
  const auto moved = std::move(reader);
  EXPECT_EQ(reader.receive(1s).error(), Code::invalid_state);     // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(reader.subscribe("a").error(), Code::invalid_state);  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(Feed::open(at() + "?delivery=all").error(), Code::invalid_argument);
  EXPECT_EQ(Reader::open(to() + "?delivery=all").error(), Code::invalid_argument);
}

TEST_P(Publication, AnotherTypeIsRefusedWithBothNames) {
  auto feed = psyne::Publisher<std::uint64_t>::open(at()).value();
  auto reader = subscriber({""});
  const auto refused = reader.receive(20s);
  EXPECT_EQ(refused.error(), Code::incompatible) << refused.error().text();
}

}  // namespace
