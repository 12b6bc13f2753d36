// Publishers and subscribers that are killed: whoever is left is told at once, and goes on.
#include "channel/process.hpp"
#include "feeds.hpp"

#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne_test::eventually;
using psyne_test::Feed;
using psyne_test::fresh_uri;
using psyne_test::Process;
using psyne_test::Reader;

TEST(PublicationOverProcesses, AKilledSubscriberDoesNotHoldUpTheOthers) {
  for (const auto slow : {psyne::SlowSubscriber::block, psyne::SlowSubscriber::drop_newest}) {
    const std::string name = fresh_uri();
    auto feed = Feed::open(name, {.slow = slow, .capacity_bytes = 4096, .linger = 0s}).value();
    Process victim([&]() -> int {
      auto reader = Reader::open(name, {.topics = {""}}).value();
      static_cast<void>(reader.receive(30s));
      psyne_test::wait_to_be_killed();
    });
    auto stayer = Reader::open(name, {.topics = {""}}).value();
    ASSERT_TRUE(feed.wait_for_subscribers(2, 30s));
    feed.publish("a", {0, 0}, 20s).value();
    std::thread killing([&] {
      std::this_thread::sleep_for(20ms);
      victim.kill();
    });
    std::uint64_t next = 0;
    for (std::uint64_t i = 1; i <= 1000; ++i) {
      ASSERT_TRUE(feed.publish("a", {i, 0}, 20s)) << i;
      for (auto message = stayer.try_receive(); message; message = stayer.try_receive()) {
        EXPECT_EQ(message->number, next++);
        EXPECT_EQ(message.missed(), 0U);
      }
    }
    killing.join();
    ASSERT_TRUE(eventually([&] { return feed.subscribers() == 1; }));
    EXPECT_EQ(feed.publish("a", {1001, 0}, 20s).value(), 1U);
    while (next <= 1001) {
      auto message = stayer.receive(20s);
      ASSERT_TRUE(message) << message.error().text();
      EXPECT_EQ(message->number, next++);
    }
  }
}

TEST(PublicationOverProcesses, AKilledPublisherIsTold) {
  const std::string name = fresh_uri();
  Process victim([&]() -> int {
    auto feed = Feed::open(name).value();
    feed.wait_for_subscribers(1, 30s).value();
    for (std::uint64_t i = 0; i < 10; ++i) feed.publish("a", {i, 0}, 20s).value();
    psyne_test::wait_to_be_killed();
  });
  auto reader = Reader::open(name, {.topics = {""}}).value();
  for (std::uint64_t i = 0; i < 10; ++i) {
    auto message = reader.receive(30s);
    ASSERT_TRUE(message) << message.error().text();
    EXPECT_EQ(message->number, i);
  }
  victim.kill();
  EXPECT_EQ(reader.receive(20s).error(), Code::peer_lost);
  EXPECT_EQ(reader.receive(20s).error(), Code::closed);
}

TEST(PublicationOverProcesses, ALoopEndsWithTheLastPublisherAndSaysThatItDied) {
  const std::string name = fresh_uri();
  Process victim([&]() -> int {
    auto feed = Feed::open(name).value();
    feed.wait_for_subscribers(1, 30s).value();
    for (std::uint64_t i = 0; i < 10; ++i) feed.publish("a", {i, 0}, 20s).value();
    ::kill(getpid(), SIGKILL);
    return 1;
  });
  auto reader = Reader::open(name, {.topics = {""}}).value();
  EXPECT_EQ(psyne_test::all_numbers(reader).size(), 10U);
  EXPECT_EQ(reader.status().error(), Code::peer_lost);
}

TEST(PublicationOverProcesses, APublisherThatComesAgainServesThoseWhoWaited) {
  const std::string name = fresh_uri();
  auto reader = Reader::open(name, {.topics = {"a"}, .wait_for_publishers = true}).value();
  for (std::uint64_t life = 1; life <= 3; ++life) {
    Process victim([&]() -> int {
      auto feed = Feed::open(name).value();
      feed.wait_for_subscribers(1, 30s).value();
      feed.publish("a", {life, 0}, 20s).value();
      psyne_test::wait_to_be_killed();
    });
    auto message = reader.receive(30s);
    ASSERT_TRUE(message) << message.error().text();
    EXPECT_EQ(message->number, life);
    EXPECT_EQ(message.missed(), 0U);
    victim.kill();
    EXPECT_EQ(reader.receive(30s).error(), Code::peer_lost);
  }
}

TEST(PublicationOverProcesses, SubscribersInProcessesOfTheirOwn) {
  const std::string name = fresh_uri();
  auto feed = Feed::open(name, {.linger = 20s}).value();
  std::vector<Process> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&]() -> int {
      auto reader = Reader::open(name, {.topics = {"b"}}).value();
      std::uint64_t sum = 0;
      for (auto& [topic, tick] : reader) sum += topic == "b" ? tick.number : 1'000'000;
      return reader.status() && sum == 500 * 499 / 2 ? 0 : 1;
    });
  }
  ASSERT_TRUE(feed.wait_for_subscribers(3, 30s));
  for (std::uint64_t i = 0; i < 500; ++i) {
    feed.publish("a", {i, 0}, 20s).value();
    feed.publish("b", {i, 0}, 20s).value();
  }
  EXPECT_TRUE(feed.close(20s));
  for (Process& reader : readers) EXPECT_EQ(reader.wait(), 0);
}

}  // namespace
