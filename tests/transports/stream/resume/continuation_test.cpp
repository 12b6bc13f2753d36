// The handshake by which two ends go on with a link: bytes that come in pieces, connections that break again, and peers
// that come with what is not theirs.
#include <psyne/transports/stream/meeting/message.hpp>

#include "seeds.hpp"
#include "transports/stream/person.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace {

using psyne::ByteStream;
using psyne::LifeLine;
using psyne::Result;
using psyne::stream::Proof;
using psyne::stream::Resumable;
using psyne::stream::Session;
using psyne::stream::Sessions;
using psyne::stream::Standing;
using stream_test::Bytes;
using stream_test::Code;
using stream_test::Person;
using stream_test::Role;
using stream_test::Side;

/// A link of which only it is real that it stands somewhere and goes on.
struct Kept final : Resumable {
  void outlive(std::shared_ptr<Session> /*session*/, std::chrono::nanoseconds /*patience*/) override {}
  bool goes_on() const noexcept override { return alive; }
  std::optional<Standing> stand() override {
    ++stood;
    return alive ? std::optional(standing) : std::nullopt;
  }
  Result<void> resume(std::shared_ptr<LifeLine> /*line*/, std::shared_ptr<ByteStream> /*stream*/, const Standing& its,
                      std::vector<std::byte> words) override {
    theirs = its;
    first = std::move(words);
    ++resumed;
    return {};
  }
  void give_up() override { alive = false; }
  void refused(std::string why) override {
    alive = false;
    refusal = std::move(why);
  }
  void retire() override { alive = false; }

  Standing standing;
  std::optional<Standing> theirs;
  Bytes first;
  std::string refusal;
  bool alive = true;
  int stood = 0, resumed = 0;
};

/// One end that has kept a link, or none.
struct Keeper {
  Keeper(Role role, const std::string& token, std::optional<std::byte> secret) : person(role, side_of(role), token) {
    person.attendant.sessions = std::make_shared<Sessions>();
    link.standing.has.fill(role == Role::connecting ? 3 : 4);
    link.standing.told.fill(role == Role::connecting ? 5 : 6);
    if (!secret) return;
    Proof proof;
    proof.digest.fill(*secret);
    person.attendant.sessions->begin(std::make_shared<Session>(Session::Id{}, proof, 7, link), std::chrono::hours(1));
  }
  static Side side_of(Role role) { return role == Role::connecting ? Side::offering : Side::answering; }
  /// All that it has to say, the link's first words included.
  Bytes said() {
    const auto unsent = person.handshake->unsent();
    Bytes bytes(unsent.begin(), unsent.end());
    person.handshake->sent(bytes.size());
    bytes.insert(bytes.end(), link.first.begin(), link.first.end());
    link.first.clear();
    return bytes;
  }

  Person person;
  Kept link;
};

constexpr std::byte ours{1}, another{2};

/// Lets both talk; returns what the one who connects said.
Bytes talk(Keeper& connecting, Keeper& listening) {
  connecting.person.begin();
  listening.person.begin();
  Bytes recorded;
  for (int quiet = 0; quiet < 2;) {
    quiet = 0;
    const Bytes there = connecting.said();
    recorded.insert(recorded.end(), there.begin(), there.end());
    listening.person.hear(there);
    const Bytes back = listening.said();
    connecting.person.hear(back);
    quiet = (there.empty() ? 1 : 0) + (back.empty() ? 1 : 0);
  }
  return recorded;
}

class Continuation : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Tokens, Continuation, testing::Values("", "secret"));

TEST_P(Continuation, BothGoOnAndKnowHowFarTheOtherIs) {
  Keeper connecting(Role::connecting, GetParam(), ours), listening(Role::listening, GetParam(), ours);
  talk(connecting, listening);
  EXPECT_TRUE(connecting.person.linked && listening.person.linked);
  EXPECT_EQ(connecting.link.theirs, listening.link.standing);
  EXPECT_EQ(listening.link.theirs, connecting.link.standing);
  EXPECT_EQ(connecting.person.host.count_missed() + listening.person.host.count_missed(), 0U);
}

TEST_P(Continuation, WithTheSecretOfAnotherLinkIsRefused) {
  Keeper connecting(Role::connecting, GetParam(), another), listening(Role::listening, GetParam(), ours);
  talk(connecting, listening);
  EXPECT_EQ(*listening.person.error, Code::refused);
  EXPECT_EQ(*connecting.person.error, Code::refused);
  EXPECT_EQ(listening.link.stood, 0) << "a stranger costs it not even its connection";
  EXPECT_TRUE(listening.link.alive);
  EXPECT_FALSE(connecting.link.alive);
}

TEST_P(Continuation, OfALinkThatNobodyHasEndsItAtOnce) {
  for (const bool keeps_links : {false, true}) {
    Keeper connecting(Role::connecting, GetParam(), ours), listening(Role::listening, GetParam(), {});
    if (!keeps_links) listening.person.attendant.sessions = nullptr;
    talk(connecting, listening);
    EXPECT_EQ(*listening.person.error, Code::not_found);
    EXPECT_EQ(*connecting.person.error, Code::not_found);
    EXPECT_FALSE(connecting.link.alive);
    EXPECT_EQ(connecting.link.resumed, 0);
  }
}

// Its place is another's.
TEST_P(Continuation, OfALinkThatWasRefusedHearsWhy) {
  Keeper connecting(Role::connecting, GetParam(), ours), listening(Role::listening, GetParam(), ours);
  listening.person.attendant.sessions->any()->refuse("replaced by me");
  listening.link.alive = false;
  listening.person.desk.full = true;
  talk(connecting, listening);
  EXPECT_EQ(*listening.person.error, Code::refused);
  EXPECT_EQ(*connecting.person.error, Code::refused);
  EXPECT_FALSE(connecting.link.alive);
  EXPECT_NE(connecting.link.refusal.find("replaced by me"), std::string::npos) << connecting.link.refusal;
  EXPECT_EQ(listening.link.stood, 0);
}

// Who has the place is told to nobody who did not have it.
TEST_P(Continuation, OfALinkThatWasRefusedTellsAStrangerNothing) {
  Keeper connecting(Role::connecting, GetParam(), another), listening(Role::listening, GetParam(), ours);
  listening.person.attendant.sessions->any()->refuse("replaced by me");
  listening.link.alive = false;
  talk(connecting, listening);
  ASSERT_EQ(*connecting.person.error, Code::refused);
  EXPECT_EQ(connecting.link.refusal.find("replaced by me"), std::string::npos) << connecting.link.refusal;
}

TEST(Continuations, OfTheLatestLinksThatWereRefusedAreRemembered) {
  Keeper keeper(Role::listening, "t", {});
  Sessions& sessions = *keeper.person.attendant.sessions;
  const auto id = [](std::ptrdiff_t number) { return Session::Id{static_cast<std::byte>(number)}; };
  constexpr std::ptrdiff_t all = Sessions::most_refused + 10;
  for (std::ptrdiff_t number = 1; number <= all; ++number) {
    auto session = std::make_shared<Session>(id(number), Proof{}, 7, keeper.link);
    sessions.begin(session, std::chrono::hours(1));
    session->refuse("no");
    session->leave();
  }
  EXPECT_EQ(sessions.any(), nullptr) << "none of them goes on";
  for (std::ptrdiff_t number = 1; number <= all; ++number) {
    EXPECT_EQ(sessions.find(id(number)) != nullptr, number > all - Sessions::most_refused) << number;
  }
}

TEST_P(Continuation, ThatWasRecordedIsOfNoUse) {
  Keeper connecting(Role::connecting, GetParam(), ours), listening(Role::listening, GetParam(), ours);
  const Bytes recorded = talk(connecting, listening);
  ASSERT_EQ(listening.link.resumed, 1);
  listening.person.handshake.reset();
  listening.person.linked = false;
  listening.person.begin();
  listening.person.hear(recorded);
  EXPECT_EQ(listening.person.error, Code::refused);
  EXPECT_EQ(listening.link.resumed, 1);
  EXPECT_EQ(listening.link.stood, 1);
  EXPECT_TRUE(listening.link.alive);
}

// Whatever byte of what either says is another one.
TEST_P(Continuation, ThatWasChangedOnTheWayIsRefused) {
  for (std::size_t changed = 0; changed < 1200; changed += 7) {
    Keeper connecting(Role::connecting, GetParam(), ours), listening(Role::listening, GetParam(), ours);
    connecting.person.begin();
    listening.person.begin();
    std::size_t said = 0;
    for (int round = 0; round < 5; ++round) {
      Bytes there = connecting.said();
      if (changed >= said && changed < said + there.size()) there[changed - said] ^= std::byte{0x10};
      said += there.size();
      listening.person.hear(there);
      connecting.person.hear(listening.said());
    }
    EXPECT_TRUE(changed >= said || listening.link.resumed == 0) << changed;
    EXPECT_TRUE(listening.link.alive);
  }
}

TEST(Continuations, OfTwoAtOnceEachIsProved) {
  Keeper connecting(Role::connecting, "t", ours), listening(Role::listening, "t", ours);
  talk(connecting, listening);
  listening.person.handshake.reset();
  listening.person.linked = connecting.person.linked = false;
  talk(connecting, listening);
  EXPECT_EQ(listening.link.stood, 2) << "the later one is the one that is there";
  EXPECT_EQ(listening.link.resumed, 2);
}

// In pieces, and broken at any byte: both have gone on, or the one who connects can try again.
TEST(Continuations, InPiecesAndBrokenAnywhereForEverySeed) {
  int whole = 0, half = 0;
  for (std::uint64_t seed = 1; seed <= psyne_test::seeds(500); ++seed) {
    std::mt19937_64 random(seed);
    const char* token = random() % 2 == 0 ? "" : "t";
    Keeper connecting(Role::connecting, token, ours), listening(Role::listening, token, ours);
    const std::uint64_t breaks_after = random() % 2500;
    std::uint64_t delivered = 0;
    connecting.person.begin();
    listening.person.begin();
    std::array<Bytes, 2> under_way;
    for (int steps = 0; steps < 10'000 && delivered < breaks_after; ++steps) {
      for (std::size_t from : {0U, 1U}) {
        const Bytes said = (from == 0 ? connecting : listening).said();
        under_way[1 - from].insert(under_way[1 - from].end(), said.begin(), said.end());
      }
      Bytes& bytes = under_way[random() % 2];
      if (bytes.empty()) {
        if (under_way[0].empty() && under_way[1].empty()) break;
        continue;
      }
      const auto part = std::min<std::uint64_t>({bytes.size(), 1 + random() % 300, breaks_after - delivered});
      const auto end = bytes.begin() + static_cast<std::ptrdiff_t>(part);
      (&bytes == &under_way[0] ? connecting : listening).person.hear(Bytes(bytes.begin(), end), 1 + random() % 100);
      bytes.erase(bytes.begin(), end);
      delivered += part;
    }
    for (Keeper* one : {&connecting, &listening}) {
      one->person.lose();
      EXPECT_TRUE(one->link.alive) << "seed " << seed << ": it is to be tried again";
      EXPECT_EQ(one->person.host.count_missed(), 0U);
    }
    EXPECT_LE(connecting.link.resumed, listening.link.resumed) << "the one who listens is the first to go on";
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
    whole += connecting.link.resumed;
    half += listening.link.resumed - connecting.link.resumed;
  }
  EXPECT_GT(whole, 0);
  EXPECT_GT(half, 0);
}

}  // namespace
