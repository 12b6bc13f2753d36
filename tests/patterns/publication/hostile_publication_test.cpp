// Bytes that no publisher and no subscriber writes: refused with an error, and nobody else is touched.
#include <psyne/patterns/uri/part_uri.hpp>

#include "feeds.hpp"

#include <cstring>
#include <random>

namespace {

using namespace std::chrono_literals;
using psyne::ByteVector;
using psyne::Code;
using psyne::Delivery;
using psyne::Interest;
using psyne::PublicationHeader;
using psyne::PublicationKind;
using psyne_test::eventually;
using psyne_test::Feed;
using psyne_test::Reader;
using psyne_test::Tick;

using Record = psyne::Publication<Tick>;
using Wanted = psyne::Envelope<psyne::InterestHeader, ByteVector>;

class HostilePublication : public psyne_test::FeedOverEveryScheme {
 protected:
  /// Somebody who has a publisher's channel of messages and writes on it what he likes.
  psyne::Sender<Record> lying_publisher() const {
    return psyne::Sender<Record>::open(psyne::part_uri(at(), "message").value(),
                                       {.delivery = Delivery::routed, .linger = 20ms})
        .value();
  }
  /// The same of a subscriber's channel of prefixes.
  psyne::Sender<Wanted> lying_subscriber() const {
    return psyne::Sender<Wanted>::open(psyne::part_uri(to(), "interest").value(),
                                       {.delivery = Delivery::all, .linger = 20ms})
        .value();
  }
};
INSTANTIATE_TEST_SUITE_P(Schemes, HostilePublication, testing::ValuesIn(psyne_test::feed_schemes),
                         psyne_test::scheme_name);

void write(psyne::Sender<Record>& sender, psyne::EndId to, std::span<const std::byte> bytes) {
  auto draft = sender.reserve_to(to, bytes.size(), 20s);
  ASSERT_TRUE(draft) << draft.error().text();
  std::ranges::copy(bytes, draft->record.begin());
  draft.commit().value();
}

std::vector<std::byte> record(const PublicationHeader& header, std::string_view topic, std::uint64_t number) {
  std::vector<std::byte> bytes(Record::begin(topic.size()) + sizeof(Tick));
  Record::write_front(bytes, header, topic);
  const Tick tick{number, 0};
  std::memcpy(bytes.data() + Record::begin(topic.size()), &tick, sizeof tick);
  return bytes;
}

TEST_P(HostilePublication, RecordsThatCannotBeAreCorruptedAndTheNextIsRead) {
  auto liar = lying_publisher();
  auto reader = subscriber({""});
  ASSERT_TRUE(eventually([&] { return liar.reaches(reader.id()); }));
  const std::vector<std::byte> good = record({.number = 1, .topic = 5}, "topic", 7);
  std::vector<std::vector<std::byte>> bad;
  bad.emplace_back();
  bad.emplace_back(good.begin(), good.begin() + 8);   // no whole header
  bad.emplace_back(good.begin(), good.begin() + 18);  // no whole topic
  bad.emplace_back(good.begin(), good.end() - 1);     // no whole value
  bad.emplace_back(good).resize(good.size() + 8);     // more than a value
  bad.push_back(record({.number = 1, .topic = 256}, std::string(256, 'x'), 7));
  bad.push_back(record({.number = 1, .topic = 65535}, "topic", 7));
  bad.push_back(record({.number = 1, .kind = static_cast<PublicationKind>(4), .topic = 5}, "topic", 7));
  bad.push_back(record({.number = 1, .kind = static_cast<PublicationKind>(65535), .topic = 5}, "topic", 7));
  bad.push_back(record({.number = 1, .topic = 5, .reserved = 1}, "topic", 7));
  for (const auto& bytes : bad) {
    write(liar, reader.id(), bytes);
    const auto message = reader.receive(20s);
    EXPECT_EQ(message.error(), Code::corrupted) << message.error().text();
  }
  write(liar, reader.id(), good);
  auto message = reader.receive(20s);
  ASSERT_TRUE(message) << message.error().text();
  EXPECT_EQ(message.topic(), "topic");
  EXPECT_EQ(message->number, 7U);
}

TEST_P(HostilePublication, NumbersThatGoBackAreCorrupted) {
  auto liar = lying_publisher();
  auto reader = subscriber({""});
  ASSERT_TRUE(eventually([&] { return liar.reaches(reader.id()); }));
  const auto say = [&](std::uint64_t number, PublicationKind kind = PublicationKind::message) {
    write(liar, reader.id(), record({.number = number, .kind = kind, .topic = 1}, "x", number));
  };
  say(5);
  EXPECT_EQ(reader.receive(20s).missed(), 4U);
  for (const std::uint64_t number : {5, 4, 0}) {
    say(number);
    EXPECT_EQ(reader.receive(20s).error(), Code::corrupted);
  }
  say(3, PublicationKind::end);
  EXPECT_EQ(reader.receive(20s).error(), Code::corrupted);
  say(std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(reader.receive(20s).missed(), std::numeric_limits<std::uint64_t>::max() - 6);
  say(1);  // it begins anew
  EXPECT_EQ(reader.receive(20s).missed(), 0U);
  EXPECT_EQ(reader.try_receive().error(), Code::would_block);
}

TEST_P(HostilePublication, GreetingsWithoutEndFillNoMemoryAndStopNoMessages) {
  auto liar = lying_publisher();
  auto reader = subscriber({"a"});
  ASSERT_TRUE(eventually([&] { return liar.reaches(reader.id()); }));
  std::thread greeting([&] {
    for (int i = 0; i < 500; ++i) write(liar, reader.id(), record({.kind = PublicationKind::greeting}, "", 0));
    write(liar, reader.id(), record({.number = 1, .topic = 1}, "x", 9));
  });
  auto message = reader.receive(20s);
  greeting.join();
  ASSERT_TRUE(message) << message.error().text();
  EXPECT_EQ(message->number, 9U);
}

TEST_P(HostilePublication, WhatIsNoInterestChangesNothing) {
  auto feed = publisher();
  auto reader = subscriber({"a"});
  ASSERT_TRUE(feed.wait_for_subscribers(1, 20s));
  auto liar = lying_subscriber();
  std::mt19937 random(7);
  const auto tell = [&](const std::vector<std::byte>& bytes) {
    auto draft = liar.reserve({.message = bytes.size()}, 20s);
    ASSERT_TRUE(draft) << draft.error().text();
    draft->set_header({});
    std::ranges::copy(bytes, draft->body().begin());
    draft.commit().value();
  };
  for (std::size_t i = 0; i < 200; ++i) {
    std::vector<std::byte> bytes(i % 40);
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
    tell(bytes);
  }
  tell(std::vector<std::byte>(psyne::longest_interest + 100));  // empty prefixes, more than one may have
  EXPECT_EQ(feed.publish("a", {1, 0}, 20s).value(), 1U);
  EXPECT_EQ(reader.receive(20s)->number, 1U);
  EXPECT_EQ(feed.subscribers(), 1U) << "who has no lane for messages is none";
}

TEST(Interest, SaysAllThatIsWanted) {
  const Interest interest{.prefixes = {"", "a", std::string(255, 'x'), std::string("\0b", 2)}, .replay = 7};
  auto decoded = Interest::decode(interest.encode());
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->prefixes, interest.prefixes);
  EXPECT_EQ(decoded->replay, 7U);
  EXPECT_TRUE(Interest::decode(Interest{}.encode())->prefixes.empty());
}

TEST(Interest, OfOtherBytesIsCorrupted) {
  const std::vector<std::byte> whole = Interest{.prefixes = {"abc"}, .replay = 1}.encode();
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
    const auto decoded = Interest::decode(std::span(whole).first(bytes));
    EXPECT_EQ(static_cast<bool>(decoded), bytes == 4) << bytes;  // no prefix at all is an interest
  }
  EXPECT_EQ(Interest::decode(std::vector<std::byte>(psyne::longest_interest + 1)).error(), Code::corrupted);
}

}  // namespace
