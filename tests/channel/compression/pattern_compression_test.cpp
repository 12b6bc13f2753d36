// Patterns whose query asks for compression: what arrives is what was sent, and what shrinks travelled compressed.
#include "bytes.hpp"
#include "channel/schemes.hpp"
#include "eventually.hpp"
#include "patterns/request/trade.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <memory>
#include <numeric>
#include <string>
#include <utility>

namespace {

using namespace std::chrono_literals;
using psyne::ByteVector;
using psyne_test::Bytes;
using psyne_test::copy_of;
using psyne_test::eventually;
using psyne_test::noise;
using psyne_test::Query;
using psyne_test::Quote;
using psyne_test::words;

constexpr std::array compressing_schemes{"memory", "ipc", "tcp"};
constexpr std::array codecs{"lz4", "zstd"};

/// Short ones, long ones that shrink, and ones that do not, so long that the zeros of a header do not pay either.
constexpr std::array<std::size_t, 6> sizes{50, 901, 3000, 30'001, 50'000, 50'001};
Bytes message(std::uint64_t number) {
  const std::size_t bytes = sizes[number % sizes.size()];
  return bytes % 2 == 0 ? words(bytes, number) : noise(bytes, number);
}
constexpr std::uint64_t shrinking = 3000 + 50'000;  // of one of each
constexpr std::uint64_t rounds = 2 * sizes.size();
constexpr std::uint64_t own = 2 * 128;  // a pattern's header in front of each that shrinks

struct Packed {
  std::uint64_t from = 0;
  std::uint64_t to = 0;
};

class PatternCompression : public psyne_test::OverEveryScheme {
 protected:
  std::string named(const std::string& codec) {
    name_ = uri();
    return name_ + "?compress=" + codec + "&compress_above=1k";
  }

  /// What the ends of the pattern's channel `part` packed, or unpacked, as the counters of this process say it.
  Packed packed(const std::string& part, const std::string& role) const {
    const auto page =
        psyne::metrics::Reader::open(psyne::metrics::Page::process().path().value()).value().read().value();
    const std::string label = name_.substr(name_.rfind('/') + 1) + part + " " + role;
    Packed sum;
    for (const auto& section : page.sections) {
      if (section.label.find(label) == std::string::npos) continue;
      for (const auto& value : section.values) {
        if (value.name == "packed_from") sum.from += value.number;
        if (value.name == "packed_to") sum.to += value.number;
      }
    }
    return sum;
  }
  /// So many times one of each message went through that channel, one half of the shrinking ones packed, and no others.
  void expect_packed(const std::string& part, std::uint64_t times) const {
    for (const char* role : {"sender", "receiver"}) {
      EXPECT_TRUE(eventually([&] { return packed(part, role).from >= times * shrinking; })) << part << role;
      const Packed all = packed(part, role);
      EXPECT_LE(all.from, times * (shrinking + own)) << part << role;
      EXPECT_GT(all.to, 0U);
      EXPECT_LT(all.to, all.from / 4) << part << role;
    }
  }
  void expect_nothing_packed(const std::string& part) const {
    EXPECT_EQ(packed(part, "sender").from, 0U);
    EXPECT_EQ(packed(part, "receiver").from, 0U);
  }

 private:
  std::string name_;
};
INSTANTIATE_TEST_SUITE_P(Schemes, PatternCompression, testing::ValuesIn(compressing_schemes), psyne_test::scheme_name);

Bytes reversed(std::span<const std::byte> query) { return {query.rbegin(), query.rend()}; }
Quote measured(std::span<const std::byte> query) {
  const auto sum = [](std::uint64_t all, std::byte byte) { return 31 * all + static_cast<std::uint64_t>(byte); };
  return {std::accumulate(query.begin(), query.end(), std::uint64_t{0}, sum), static_cast<double>(query.size())};
}

template <class Desk>
auto drafted(Desk& desk, const Bytes& bytes) {
  auto draft = desk.reserve(bytes.size(), 20s);
  std::ranges::copy(bytes, draft.value()->begin());
  return *std::move(draft);
}

TEST_P(PatternCompression, QueriesAndAnswersOfAnySize) {
  using Desk = psyne::Requester<ByteVector, ByteVector>;
  for (const char* codec : codecs) {
    const std::string name = named(codec);
    const psyne_test::Serving<decltype(&reversed), psyne::Responder<ByteVector, ByteVector>> serving(name, &reversed);
    auto desk = Desk::open(to(name)).value();
    std::vector<psyne::Completion<psyne::Answer<ByteVector>>> pending;
    const auto expect = [](const psyne::Answer<ByteVector>& answer, std::uint64_t number) {
      ASSERT_TRUE(answer) << answer.error().text();
      EXPECT_TRUE(std::ranges::equal(*answer, reversed(message(number)))) << number;
    };
    for (std::uint64_t number = 0; number < rounds; ++number) {
      expect(desk.ask(drafted(desk, message(number)), 20s), number);
    }
    for (std::uint64_t number = 0; number < rounds; ++number) {
      pending.push_back(desk.ask_async(drafted(desk, message(number)), 20s));
    }
    for (std::uint64_t number = 0; number < rounds; ++number) expect(pending[number].take(), number);
    for (const char* part : {".ask", ".answer"}) expect_packed(part, 4);
  }
}

TEST_P(PatternCompression, QueriesOfOneSizeAndAnswersOfAny) {
  for (const char* codec : codecs) {
    const std::string name = named(codec);
    const auto made = [](const Query& query) { return message(query.symbol); };
    const psyne_test::Serving<decltype(made), psyne::Responder<Query, ByteVector>> serving(name, made);
    auto desk = psyne::Requester<Query, ByteVector>::open(to(name)).value();
    for (std::uint64_t number = 0; number < rounds; ++number) {
      const auto answer = number % 2 == 0 ? desk.ask({number}, 20s) : desk.ask_async({number}, 20s).take();
      ASSERT_TRUE(answer) << answer.error().text();
      EXPECT_TRUE(std::ranges::equal(*answer, message(number))) << number;
    }
    expect_packed(".answer", 2);
    expect_nothing_packed(".ask");
  }
}

TEST_P(PatternCompression, QueriesOfAnySizeAndAnswersOfOne) {
  for (const char* codec : codecs) {
    const std::string name = named(codec);
    const psyne_test::Serving<decltype(&measured), psyne::Responder<ByteVector, Quote>> serving(name, &measured);
    auto desk = psyne::Requester<ByteVector, Quote>::open(to(name)).value();
    for (std::uint64_t number = 0; number < rounds; ++number) {
      auto query = drafted(desk, message(number));
      const auto answer =
          number % 2 == 0 ? desk.ask(std::move(query), 20s) : desk.ask_async(std::move(query), 20s).take();
      ASSERT_TRUE(answer) << answer.error().text();
      EXPECT_EQ(answer->symbol, measured(message(number)).symbol) << number;
    }
    expect_packed(".ask", 2);
    expect_nothing_packed(".answer");
  }
}

// Many to one and one to many: who listens over TCP is the one.
TEST_P(PatternCompression, ManyRequestersAndManyResponders) {
  using Desk = psyne::Requester<ByteVector, ByteVector>;
  using Serving = psyne_test::Serving<decltype(&reversed), psyne::Responder<ByteVector, ByteVector>>;
  for (const std::size_t desks : {3U, 1U}) {
    const std::string name = named(desks == 1 ? "zstd" : "lz4");
    const std::string listening_desk = desks == 1 ? name : to(name);
    std::deque<Serving> serving;
    std::deque<Desk> asking;
    for (std::size_t one = 0; one < desks; ++one) asking.push_back(Desk::open(listening_desk).value());
    for (std::size_t one = 0; one < 4 - desks; ++one) serving.emplace_back(desks == 1 ? to(name) : name, &reversed);
    for (Desk& desk : asking) {
      ASSERT_TRUE(eventually([&] { return desk.responders() == serving.size(); }));
    }
    std::vector<psyne::Completion<psyne::Answer<ByteVector>>> pending;
    for (std::uint64_t number = 0; number < rounds; ++number) {
      for (Desk& desk : asking) pending.push_back(desk.ask_async(drafted(desk, message(number)), 20s));
    }
    std::set<psyne::EndId> answered;
    for (std::size_t asked = 0; asked < pending.size(); ++asked) {
      const auto answer = pending[asked].take();
      ASSERT_TRUE(answer) << answer.error().text();
      EXPECT_TRUE(std::ranges::equal(*answer, reversed(message(asked / desks)))) << asked;
      answered.insert(answer.responder());
    }
    EXPECT_EQ(answered.size(), serving.size());
    for (const char* part : {".ask", ".answer"}) expect_packed(part, 2 * desks);
  }
}

TEST_P(PatternCompression, QuestionsToAllAndTheirAnswers) {
  using Serving = psyne_test::Serving<decltype(&reversed), psyne::Respondent<ByteVector, ByteVector>>;
  for (const char* codec : codecs) {
    const std::string name = named(codec);
    auto surveyor = psyne::Surveyor<ByteVector, ByteVector>::open(name).value();
    std::deque<Serving> voting;
    for (int voter = 0; voter < 3; ++voter) voting.emplace_back(to(name), &reversed);
    ASSERT_TRUE(eventually([&] { return surveyor.respondents() == 3; }));
    for (std::uint64_t number = 0; number < sizes.size(); ++number) {
      const Bytes asked = message(number);
      auto survey = surveyor.ask(
          asked.size(), [&](auto& place) { std::ranges::copy(asked, place.begin()); }, 20s);
      for (auto& answer : survey) {
        ASSERT_TRUE(answer) << answer.error().text();
        EXPECT_TRUE(std::ranges::equal(*answer, reversed(asked))) << number;
      }
      EXPECT_EQ(survey.answered(), 3U) << survey.status().error().text();
    }
    expect_packed(".answer", 3);
    EXPECT_GE(packed(".ask", "sender").from, shrinking);  // once, whoever reads it
    EXPECT_GE(packed(".ask", "receiver").from, 3 * shrinking);
  }
}

TEST_P(PatternCompression, APairBothWays) {
  for (const char* codec : codecs) {
    const std::string name = named(codec);
    auto one = psyne::Pair<ByteVector>::open(name).value();
    auto other = psyne::Pair<ByteVector>::open(to(name)).value();
    for (std::uint64_t number = 0; number < sizes.size(); ++number) {
      one.send(message(number), 20s).value();
      const auto heard = other.receive(20s);
      ASSERT_TRUE(heard) << heard.error().text();
      EXPECT_TRUE(std::ranges::equal(*heard, message(number))) << number;
      other.send(reversed(*heard), 20s).value();
      const auto back = one.receive(20s);
      ASSERT_TRUE(back) << back.error().text();
      EXPECT_TRUE(std::ranges::equal(*back, reversed(message(number)))) << number;
    }
    for (const auto& counters : {one.outgoing().counters(), one.incoming().counters(), other.outgoing().counters(),
                                 other.incoming().counters()}) {
      EXPECT_EQ(counters.packed_from, shrinking);
      EXPECT_LT(counters.packed_to, shrinking / 4);
    }
  }
}

TEST_P(PatternCompression, WorkThatIsHandedOut) {
  for (const char* codec : codecs) {
    const std::string name = named(codec);
    auto pusher = psyne::Pusher<ByteVector>::open(name).value();
    std::deque<psyne::Puller<ByteVector>> pullers;
    for (int one = 0; one < 2; ++one) pullers.push_back(psyne::Puller<ByteVector>::open(to(name)).value());
    ASSERT_TRUE(eventually([&] { return pusher.pullers() == 2; }));
    for (std::uint64_t number = 0; number < rounds; ++number) pusher.send(message(number), 20s).value();
    std::vector<Bytes> got;
    for (auto& puller : pullers) {
      for (std::uint64_t taken = 0; taken < rounds / 2; ++taken) {
        const auto work = puller.receive(20s);
        ASSERT_TRUE(work) << work.error().text();
        got.push_back(copy_of(*work));
      }
    }
    for (std::uint64_t number = 0; number < rounds; ++number) EXPECT_EQ(std::ranges::count(got, message(number)), 1);
    EXPECT_EQ(pusher.counters().packed_from, 2 * shrinking);
    EXPECT_EQ(pullers[0].counters().packed_from + pullers[1].counters().packed_from, 2 * shrinking);
  }
}

// To one, who has it packed from where it was written; to several; and to one who comes later.
TEST_P(PatternCompression, WhatIsPublished) {
  for (const char* codec : codecs) {
    const std::string name = named(codec);
    auto feed = psyne::Publisher<ByteVector>::open(name, {.keep = 1, .linger = 20s}).value();
    auto all = psyne::Subscriber<ByteVector>::open(to(name), {.topics = {""}}).value();
    auto some = psyne::Subscriber<ByteVector>::open(to(name), {.topics = {"a"}}).value();
    ASSERT_TRUE(feed.wait_for_subscribers(2, 20s));
    const auto expect = [](psyne::Subscriber<ByteVector>& subscriber, std::uint64_t number) {
      const auto got = subscriber.receive(20s);
      ASSERT_TRUE(got) << got.error().text();
      EXPECT_TRUE(std::ranges::equal(*got, message(number))) << number;
    };
    for (std::uint64_t number = 0; number < sizes.size(); ++number) {
      EXPECT_EQ(feed.publish("a", message(number), 20s).value(), 2U);
      EXPECT_EQ(feed.publish("b", message(number), 20s).value(), 1U);
      expect(all, number);
      expect(all, number);
      expect(some, number);
    }
    expect_packed(".message", 3);
    feed.publish("a", message(4), 20s).value();
    auto late = psyne::Subscriber<ByteVector>::open(to(name), {.topics = {"a"}, .replay = 1}).value();
    for (auto* subscriber : {&all, &some, &late}) expect(*subscriber, 4);
  }
}

// A topic is in front of it, so that it is compressed though its type has one size.
TEST_P(PatternCompression, WhatIsPublishedInOneSize) {
  struct Page {
    std::array<std::uint64_t, 512> words;
  };
  const std::string name = named("lz4");
  auto feed = psyne::Publisher<Page>::open(name, {.linger = 20s}).value();
  auto reader = psyne::Subscriber<Page>::open(to(name), {.topics = {""}}).value();
  ASSERT_TRUE(feed.wait_for_subscribers(1, 20s));
  for (std::uint64_t number = 0; number < 10; ++number) {
    Page page{};
    page.words.fill(number);
    EXPECT_EQ(feed.publish("page", page, 20s).value(), 1U);
    const auto got = reader.receive(20s);
    ASSERT_TRUE(got) << got.error().text();
    EXPECT_EQ(got->words, page.words);
  }
  EXPECT_GE(packed(".message", "sender").from, 10 * sizeof(Page));
}

}  // namespace
