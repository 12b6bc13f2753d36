// The state machine alone: bytes in, bytes out, no socket.
#include <psyne/transports/stream/meeting/handshake.hpp>
#include <psyne/transports/stream/meeting/message.hpp>

#include "conformance/end.hpp"
#include "transports/stream/person.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>

namespace {

using conformance::bytes_of;
using conformance::End;
using psyne::Code;
using psyne::Error;
using psyne::Greeting;
using psyne::Result;
using psyne::Side;
using psyne::stream::Attendant;
using psyne::stream::Caller;
using psyne::stream::Handshake;
using psyne::stream::Hello;
using psyne::stream::length_bytes;
using psyne::stream::Message;
using psyne::stream::Proof;
using psyne::stream::Role;
using psyne::stream::Security;
using stream_test::Bytes;
using stream_test::opposite;
using stream_test::Person;
using stream_test::talk;

Bytes framed(std::span<const std::byte> message) {
  Bytes bytes;
  for (std::size_t i = 0; i < length_bytes; ++i) bytes.push_back(static_cast<std::byte>(message.size() >> (8 * i)));
  bytes.insert(bytes.end(), message.begin(), message.end());
  return bytes;
}

Bytes greeting(Message message) {
  Greeting words;
  words.bytes = bytes_of("hostile");
  return framed(psyne::stream::encode_greeting(message, std::move(words)).value());
}

struct Way {
  Side connecting;
  bool token;
};

class StreamHandshake : public testing::TestWithParam<Way> {
 protected:
  static std::string token() { return GetParam().token ? "secret" : ""; }
};
INSTANTIATE_TEST_SUITE_P(Ways, StreamHandshake,
                         testing::Values(Way{Side::offering, false}, Way{Side::offering, true},
                                         Way{Side::answering, false}, Way{Side::answering, true}),
                         [](const auto& way) {
                           return std::string(way.param.connecting == Side::offering ? "offering" : "answering") +
                                  "Connects" + (way.param.token ? "WithAToken" : "");
                         });

TEST_P(StreamHandshake, TwoEndsMeetHoweverTheirBytesAreCut) {
  for (const std::size_t step : {1U, 3U, 7U, 250U, 100'000U}) {
    Person one(Role::connecting, GetParam().connecting, token());
    Person two(Role::listening, opposite(GetParam().connecting), token());
    talk(one, two, step);
    ASSERT_TRUE(one.linked && two.linked) << (one.error ? one.error->text() : two.error ? two.error->text() : "hangs");
    EXPECT_EQ(one.met.words, "hello");
    EXPECT_EQ(two.met.words, "hello");
    EXPECT_EQ(two.desk.asked, 1) << "let in once";
    EXPECT_EQ(one.met.link->peer().name, "pid " + std::to_string(getpid()));
  }
}

TEST_P(StreamHandshake, WhatIsBehindTheWelcomeIsTheLinks) {
  Person one(Role::connecting, GetParam().connecting, token());
  Person two(Role::listening, opposite(GetParam().connecting), token());
  Person& answering = GetParam().connecting == Side::answering ? one : two;
  Person& offering = GetParam().connecting == Side::answering ? two : one;
  one.begin();
  two.begin();
  for (int i = 0; i < 10 && !offering.linked; ++i) {
    two.hear(one.said());
    if (!offering.linked) one.hear(two.said());
  }
  ASSERT_TRUE(offering.linked);
  Bytes welcome = offering.said();
  const std::size_t length = welcome.size();
  std::ranges::copy(bytes_of("frames"), std::back_inserter(welcome));
  const std::size_t before = answering.taken;
  answering.hear(welcome);
  EXPECT_TRUE(answering.linked);
  EXPECT_EQ(answering.taken - before, length);
}

TEST_P(StreamHandshake, EveryMessageCutAnywhereWaitsForTheRest) {
  // The bytes that each says in a good handshake, up to any point: neither an error nor a link comes of a part.
  const auto heard_until = [&](Role role, std::size_t cut) {
    Person one(Role::connecting, GetParam().connecting, token());
    Person two(Role::listening, opposite(GetParam().connecting), token());
    Person& target = role == Role::connecting ? one : two;
    one.begin();
    two.begin();
    std::size_t whole = 0;
    for (int i = 0; i < 20; ++i) {
      for (auto [from, to] : {std::pair(&one, &two), {&two, &one}}) {
        Bytes said = from->said();
        if (to == &target) {
          whole += said.size();
          if (whole > cut) said.resize(said.size() - std::min(said.size(), whole - cut));
        }
        to->hear(said);
      }
      if (whole > cut) break;
    }
    EXPECT_FALSE(target.error) << cut;
    EXPECT_EQ(target.linked, whole <= cut) << cut;
    return whole > cut;
  };
  for (const Role role : {Role::connecting, Role::listening}) {
    std::size_t cut = 0;
    while (cut < 2000 && heard_until(role, cut)) ++cut;
    EXPECT_GT(cut, Hello::bytes);
    EXPECT_LT(cut, 2000U);
  }
}

/// A peer that speaks as it likes to `victim`, after the honest `before` turns.
void attack(Person& victim, Person& honest, int before) {
  victim.begin();
  honest.begin();
  Person& one = victim.role == Role::connecting ? victim : honest;
  Person& two = victim.role == Role::connecting ? honest : victim;
  for (int i = 0; i < before; ++i) {
    Person& from = i % 2 == 0 ? one : two;
    (&from == &one ? two : one).hear(from.said());
  }
}

TEST_P(StreamHandshake, AMessageThatIsNotDueIsRefused) {
  const Bytes proof = framed(psyne::stream::encode_proof({}));
  const Bytes welcome = framed(psyne::stream::encode_welcome());
  const Bytes unknown = framed(bytes_of("x"));
  std::size_t refused = 0, due = 0;
  for (const Role role : {Role::connecting, Role::listening}) {
    for (int turns = 0; turns < 6; ++turns) {
      for (const Bytes& wrong : {proof, greeting(Message::offer), greeting(Message::answer), welcome, unknown,
                                 framed(psyne::stream::encode(Hello::own().value()))}) {
        const Side side = role == Role::connecting ? GetParam().connecting : opposite(GetParam().connecting);
        Person victim(role, side, token());
        Person honest(role == Role::connecting ? Role::listening : Role::connecting, opposite(side), token());
        attack(victim, honest, turns);
        if (victim.over()) continue;
        victim.hear(wrong);
        if (!victim.error) {
          ++due;  // what an honest peer might have said
          continue;
        }
        ++refused;
        EXPECT_TRUE(*victim.error == Code::corrupted || *victim.error == Code::refused ||
                    *victim.error == Code::not_found)
            << victim.error->text();
        EXPECT_EQ(victim.host.count_met(), 0U);
        EXPECT_EQ(victim.told, victim.host.count_missed() == 1) << "the host hears what became of its link";
      }
    }
  }
  EXPECT_GT(refused, 6 * due);
}

TEST_P(StreamHandshake, ALengthThatNoMessageHasIsRefusedBeforeItsBytesCome) {
  for (const Role role : {Role::connecting, Role::listening}) {
    for (int turns = 0; turns < 6; ++turns) {
      for (const std::uint32_t length : {0U, 8193U, 0x7fffffffU, 0xffffffffU}) {
        const Side side = role == Role::connecting ? GetParam().connecting : opposite(GetParam().connecting);
        Person victim(role, side, token());
        Person honest(role == Role::connecting ? Role::listening : Role::connecting, opposite(side), token());
        attack(victim, honest, turns);
        if (victim.over()) continue;
        victim.hear(std::as_bytes(std::span(&length, 1)));
        ASSERT_TRUE(victim.error) << turns;
        EXPECT_EQ(*victim.error, Code::corrupted);
      }
    }
  }
}

TEST_P(StreamHandshake, GarbageIsRefused) {
  std::minstd_rand random(1);
  for (int round = 0; round < 200; ++round) {
    Person victim(round % 2 == 0 ? Role::connecting : Role::listening, GetParam().connecting, token());
    victim.begin();
    if (round % 4 < 2) {
      victim.hear(std::array{std::byte{Hello::bytes}, std::byte{0}, std::byte{0}, std::byte{0}});  // as it should begin
    }
    Bytes garbage(1 + random() % 1000 + Hello::bytes);
    for (auto& byte : garbage) byte = static_cast<std::byte>(random());
    victim.hear(garbage);
    ASSERT_TRUE(victim.error);
    EXPECT_EQ(*victim.error, Code::corrupted);
    EXPECT_FALSE(victim.handshake->heard_hello()) << "nothing is said to who is not psyne";
    if (victim.role == Role::listening) {
      EXPECT_TRUE(victim.said().empty());
    }
  }
}

TEST_P(StreamHandshake, AnotherVersionIsNamedAtBothEnds) {
  for (const Role role : {Role::connecting, Role::listening}) {
    const Side side = role == Role::connecting ? GetParam().connecting : opposite(GetParam().connecting);
    Person victim(role, side, token());
    victim.begin();
    Hello hello = Hello::own().value();
    hello.version = 77;
    hello.release = "9.9.9";
    hello.side = opposite(side);
    hello.name = "ticks";
    hello.presence = 3;
    victim.hear(framed(psyne::stream::encode(hello)));
    ASSERT_TRUE(victim.error);
    EXPECT_EQ(*victim.error, Code::incompatible);
    for (const char* part : {"77", "9.9.9", "version 2", "tcp://node:5555/ticks"}) {
      EXPECT_NE(victim.error->text().find(part), std::string::npos) << victim.error->text();
    }
    const Bytes said = victim.said();
    ASSERT_EQ(said.size(), length_bytes + Hello::bytes) << "its own hello, and nothing that only our version knows";
    EXPECT_TRUE(psyne::stream::decode_hello(std::span(said).subspan(length_bytes)));
  }
}

/// Two that do not meet: both hear why.
void expect_refused(Person& one, Person& two, Code code, const char* why) {
  talk(one, two);
  for (Person* end : {&one, &two}) {
    ASSERT_TRUE(end->error);
    EXPECT_EQ(*end->error, code) << end->error->text();
    EXPECT_NE(end->error->text().find(why), std::string::npos) << end->error->text();
    EXPECT_EQ(end->error->text().find("secret"), std::string::npos) << end->error->text();
    EXPECT_EQ(end->host.count_met(), 0U);
  }
}

TEST_P(StreamHandshake, AWrongTokenIsRefused) {
  Person one(Role::connecting, GetParam().connecting, "secret");
  Person two(Role::listening, opposite(GetParam().connecting), "secret2");
  expect_refused(one, two, Code::refused, "wrong token");
  EXPECT_NE(two.error->advice().find("PSYNE_TOKEN"), std::string::npos);
  EXPECT_EQ(two.desk.asked, 0) << "nobody takes a place before he has proved that he may";
  EXPECT_FALSE(one.told || two.told) << "no host has heard of the other";
}

TEST_P(StreamHandshake, ATokenOnOneSideOnlyIsRefused) {
  for (const bool connecting_has : {false, true}) {
    Person one(Role::connecting, GetParam().connecting, connecting_has ? "secret" : "");
    Person two(Role::listening, opposite(GetParam().connecting), connecting_has ? "" : "secret");
    talk(one, two);
    for (Person* end : {&one, &two}) {
      ASSERT_TRUE(end->error);
      EXPECT_EQ(*end->error, Code::refused);
      EXPECT_NE(end->error->text().find("has a token"), std::string::npos) << end->error->text();
      EXPECT_NE(end->error->text().find("PSYNE_TOKEN"), std::string::npos) << end->error->text();
    }
  }
}

TEST_P(StreamHandshake, TheTokenNeverTravels) {
  Person one(Role::connecting, GetParam().connecting, "secret");
  Person two(Role::listening, opposite(GetParam().connecting), "secret");
  one.begin();
  two.begin();
  std::string all;
  for (int i = 0; i < 10; ++i) {
    for (auto [from, to] : {std::pair(&one, &two), {&two, &one}}) {
      const Bytes said = from->said();
      all += conformance::text_of(said);
      to->hear(said);
    }
  }
  EXPECT_TRUE(one.linked && two.linked);
  EXPECT_EQ(all.find("secret"), std::string::npos);
}

TEST_P(StreamHandshake, WhatWasSaidInAnotherHandshakeProvesNothing) {
  // Everything that the one who connects says, taken down and said again.
  Bytes recorded;
  {
    Person one(Role::connecting, GetParam().connecting, "secret");
    Person two(Role::listening, opposite(GetParam().connecting), "secret");
    one.begin();
    two.begin();
    for (int i = 0; i < 3; ++i) {
      const Bytes said = one.said();
      recorded.insert(recorded.end(), said.begin(), said.end());
      two.hear(said);
      one.hear(two.said());
    }
    ASSERT_GT(two.desk.asked, 0);
  }
  Person victim(Role::listening, opposite(GetParam().connecting), "secret");
  victim.begin();
  victim.hear(recorded);
  ASSERT_TRUE(victim.error);
  EXPECT_NE(victim.error->text().find("wrong token"), std::string::npos) << victim.error->text();
  EXPECT_EQ(victim.desk.asked, 0);
}

TEST_P(StreamHandshake, WhatTheListenerSaidInAnotherHandshakeProvesNothing) {
  Bytes recorded;
  {
    Person one(Role::connecting, GetParam().connecting, "secret");
    Person two(Role::listening, opposite(GetParam().connecting), "secret");
    one.begin();
    two.begin();
    for (int i = 0; i < 2; ++i) {
      two.hear(one.said());
      const Bytes said = two.said();
      recorded.insert(recorded.end(), said.begin(), said.end());
      one.hear(said);
    }
  }
  Person victim(Role::connecting, GetParam().connecting, "secret");
  victim.begin();
  victim.hear(recorded);
  ASSERT_TRUE(victim.error);
  EXPECT_NE(victim.error->text().find("wrong token"), std::string::npos) << victim.error->text();
}

TEST_P(StreamHandshake, ItsOwnWordsSentBackProveNothing) {
  {
    Person victim(Role::connecting, GetParam().connecting, "secret");
    victim.begin();
    victim.hear(victim.said());
    ASSERT_TRUE(victim.error);
    EXPECT_EQ(*victim.error, Code::corrupted) << "its very hello: it is no answer";
  }
  // A listener without the token: a hello of its own, and then the victim's own proof.
  Person victim(Role::connecting, GetParam().connecting, "secret");
  victim.begin();
  const Bytes own = victim.said();
  Hello mirrored = psyne::stream::decode_hello(std::span(own).subspan(length_bytes)).value();
  mirrored.side = opposite(mirrored.side);  // the same random bytes as well
  victim.hear(framed(psyne::stream::encode(mirrored)));
  ASSERT_FALSE(victim.error);
  const Bytes proof = victim.said();
  ASSERT_EQ(proof.size(), length_bytes + 1 + Proof::bytes);
  victim.hear(proof);
  ASSERT_TRUE(victim.error);
  EXPECT_NE(victim.error->text().find("wrong token"), std::string::npos) << victim.error->text();
}

TEST_P(StreamHandshake, AProofOfAnotherLengthIsRefused) {
  for (const std::size_t length : {1U, 2U, 32U, 34U, 1000U}) {
    Person victim(Role::listening, opposite(GetParam().connecting), "secret");
    Person honest(Role::connecting, GetParam().connecting, "secret");
    attack(victim, honest, 1);
    Bytes proof(length);
    proof[0] = std::byte{'P'};
    victim.hear(framed(proof));
    ASSERT_TRUE(victim.error);
    EXPECT_EQ(*victim.error, Code::refused);
  }
}

TEST_P(StreamHandshake, OffThisHostItTakesATokenOrBothSidesWord) {
  for (const bool one_insecure : {false, true}) {
    for (const bool two_insecure : {false, true}) {
      Person one(Role::connecting, GetParam().connecting, token());
      Person two(Role::listening, opposite(GetParam().connecting), token());
      one.caller = {.security = Security::plain, .address = "10.0.0.3:5555", .line = nullptr};
      two.caller = {.security = Security::plain, .address = "10.0.0.4:40112", .line = nullptr};
      one.attendant.settings.insecure = one_insecure;
      two.attendant.settings.insecure = two_insecure;
      talk(one, two);
      const bool good = GetParam().token || (one_insecure && two_insecure);
      EXPECT_EQ(one.linked, good);
      EXPECT_EQ(two.linked, good);
      if (good) continue;
      for (Person* end : {&one, &two}) {
        EXPECT_EQ(*end->error, Code::refused);
        EXPECT_NE(end->error->text().find("insecure=1"), std::string::npos) << end->error->text();
      }
    }
  }
}

TEST_P(StreamHandshake, ANameThatNobodyHasThereIsRefusedAndNoOtherToldOf) {
  Person one(Role::connecting, GetParam().connecting, token());
  Person two(Role::listening, opposite(GetParam().connecting), token());
  two.attendant.name = "classified";
  talk(one, two);
  for (Person* end : {&one, &two}) {
    ASSERT_TRUE(end->error);
    EXPECT_EQ(*end->error, Code::not_found) << end->error->text();
  }
  EXPECT_EQ(one.error->text().find("classified"), std::string::npos) << one.error->text();
}

TEST_P(StreamHandshake, AListenerThatAnswersForAnotherIsRefused) {
  for (const bool other_name : {false, true}) {
    Person victim(Role::connecting, GetParam().connecting, token());
    victim.begin();
    Hello hello = Hello::own().value();
    hello.presence = 3;
    hello.name = other_name ? "tocks" : "ticks";
    hello.side = other_name ? opposite(GetParam().connecting) : GetParam().connecting;
    victim.hear(framed(psyne::stream::encode(hello)));
    ASSERT_TRUE(victim.error);
    EXPECT_EQ(*victim.error, Code::corrupted);
  }
}

TEST_P(StreamHandshake, AFullHouseRefusesAfterTheProof) {
  Person one(Role::connecting, GetParam().connecting, token());
  Person two(Role::listening, opposite(GetParam().connecting), token());
  two.desk.full = true;
  expect_refused(one, two, Code::in_use, "the only one");
  EXPECT_EQ(two.desk.asked, 1);
}

TEST_P(StreamHandshake, AHostsRefusalReachesTheOtherHost) {
  for (const bool offering_refuses : {false, true}) {
    Person one(Role::connecting, GetParam().connecting, token());
    Person two(Role::listening, opposite(GetParam().connecting), token());
    Person& judge = (one.attendant.side == Side::offering) == offering_refuses ? one : two;
    judge.host.judge = [](const std::string& words) -> Result<void> {
      return Error(Code::incompatible, "cannot share a lane").because("you said " + words);
    };
    talk(one, two);
    for (Person* end : {&one, &two}) {
      ASSERT_TRUE(end->error);
      EXPECT_EQ(*end->error, Code::incompatible);
      EXPECT_NE(end->error->text().find("you said hello"), std::string::npos) << end->error->text();
      EXPECT_TRUE(end->told || end->attendant.side == Side::answering);
      EXPECT_EQ(end->host.count_met(), 0U);
    }
    EXPECT_TRUE(judge.told);
  }
}

TEST_P(StreamHandshake, ARefusalIsNotAnsweredWithAnother) {
  Person one(Role::connecting, GetParam().connecting, token());
  Person two(Role::listening, opposite(GetParam().connecting), token());
  attack(one, two, 2);  // both have heard the hellos
  static_cast<void>(one.said());
  one.hear(framed(psyne::stream::encode_refusal(Error(Code::refused, "no\x1b[31m\n"))));
  ASSERT_TRUE(one.error);
  EXPECT_EQ(one.error->text().find('\x1b'), std::string::npos);
  EXPECT_TRUE(one.said().empty());
}

TEST(StreamIdentity, IsWhatTheKernelSaysOrElseWhatTheHelloDoes) {
  const auto name = [](const Caller& caller, const std::string& host, std::int64_t pid) {
    Person one(Role::connecting, Side::offering);
    one.caller = caller;
    one.attendant.settings.insecure = true;
    one.begin();
    Hello hello = Hello::own().value();
    hello.presence = 3;
    hello.name = "ticks";
    hello.side = Side::answering;
    hello.host = host;
    hello.pid = pid;
    one.hear(framed(psyne::stream::encode(hello)));
    one.hear(framed(bytes_of("x")));
    return std::string(one.error->peer());
  };
  const Caller far{.security = Security::plain, .address = "10.0.0.3:40112", .line = nullptr};
  EXPECT_EQ(name(far, "node7", 812), "pid 812 on node7 (10.0.0.3:40112)");
  EXPECT_EQ(name(far, "\x1b[2J", 812), "pid 812 on \"\\x1b[2J\" (10.0.0.3:40112)");
  EXPECT_EQ(name({.address = "127.0.0.1:40112", .line = nullptr}, "node7", 812), "pid 812");
  EXPECT_EQ(name({.address = "", .by_kernel = true, .pid = 5, .line = nullptr}, "node7", 812), "pid 5")
      << "a hello may lie";
  EXPECT_EQ(name({.address = "", .by_kernel = true, .pid = 0, .line = nullptr}, "node7", 7),
            "pid 7 of another PID namespace");
}

TEST(StreamHandshakeMemory, AStrangerCostsNoMoreThanAShortMessage) {
  Person victim(Role::listening, Side::offering, "secret");
  Person honest(Role::connecting, Side::answering, "secret");
  attack(victim, honest, 1);
  const std::uint32_t longer = psyne::stream::longest_short_message + 1;
  victim.hear(std::as_bytes(std::span(&longer, 1)));
  ASSERT_TRUE(victim.error) << "before its proof it may not say anything long";
  EXPECT_EQ(*victim.error, Code::corrupted);
}

}  // namespace
