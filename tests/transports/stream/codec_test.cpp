#include <psyne/transports/stream/meeting/hello.hpp>
#include <psyne/transports/stream/meeting/message.hpp>
#include <psyne/transports/stream/meeting/message_reader.hpp>
#include <psyne/transports/stream/meeting/proof.hpp>

#include "conformance/end.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <set>

namespace {

using conformance::bytes_of;
using conformance::text_of;
using psyne::Code;
using psyne::Error;
using psyne::Greeting;
using psyne::Side;
using psyne::stream::Authentication;
using psyne::stream::decode_greeting;
using psyne::stream::decode_hello;
using psyne::stream::decode_refusal;
using psyne::stream::Hello;
using psyne::stream::Message;
using psyne::stream::MessageReader;
using psyne::stream::Proof;
using psyne::stream::Role;

Hello some_hello() {
  Hello hello = Hello::own().value();
  hello.side = Side::answering;
  hello.exclusive = true;
  hello.authentication = Authentication::token;
  hello.presence = 0x0102030405060708;
  hello.pid = 812;
  hello.release = "1.2.3";
  hello.host = "node7";
  hello.name = "ticks";
  return hello;
}

TEST(StreamHello, ArrivesAsItWent) {
  const Hello hello = some_hello();
  const auto bytes = psyne::stream::encode(hello);
  ASSERT_EQ(bytes.size(), Hello::bytes);
  const Hello got = decode_hello(bytes).value();
  EXPECT_EQ(got.version, psyne::stream::wire_version);
  EXPECT_EQ(got.side, Side::answering);
  EXPECT_TRUE(got.exclusive);
  EXPECT_EQ(got.authentication, Authentication::token);
  EXPECT_EQ(got.nonce, hello.nonce);
  EXPECT_EQ(got.presence, hello.presence);
  EXPECT_EQ(got.pid, 812);
  EXPECT_EQ(got.release, "1.2.3");
  EXPECT_EQ(got.host, "node7");
  EXPECT_EQ(got.name, "ticks");
  EXPECT_TRUE(got.check_compatible());
}

// What later versions must still read: nothing here may ever change.
TEST(StreamHello, IsFixedForAllVersions) {
  Hello hello = some_hello();
  hello.version = 0x0102;
  hello.nonce.fill(std::byte{0xee});
  const auto bytes = psyne::stream::encode(hello);
  EXPECT_EQ(text_of(std::span(bytes).first(8)), "psynenet");
  EXPECT_EQ(bytes[8], std::byte{std::endian::native == std::endian::little ? 'l' : 'b'});
  EXPECT_EQ(bytes[10], std::byte{2});
  EXPECT_EQ(bytes[11], std::byte{1});
  EXPECT_EQ(bytes[12], std::byte{'a'});
  EXPECT_EQ(bytes[13], std::byte{1});
  EXPECT_EQ(bytes[14], std::byte{1});
  EXPECT_EQ(bytes[16], std::byte{0xee});
  EXPECT_EQ(bytes[47], std::byte{0xee});
  EXPECT_EQ(bytes[48], std::byte{8});
  EXPECT_EQ(bytes[56], std::byte{0x2c});  // 812
  EXPECT_EQ(text_of(std::span(bytes).subspan(64, 6)), std::string("1.2.3\0", 6));
  EXPECT_EQ(text_of(std::span(bytes).subspan(88, 6)), std::string("node7\0", 6));
  EXPECT_EQ(text_of(std::span(bytes).subspan(152, 6)), std::string("ticks\0", 6));
}

TEST(StreamHello, NoTwoHaveTheSameRandomBytes) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(seen.insert(text_of(Hello::own()->nonce)).second);
  EXPECT_NE(psyne::stream::random_number().value(), psyne::stream::random_number().value());
}

TEST(StreamHello, CutOrLongerIsCorrupted) {
  auto bytes = psyne::stream::encode(some_hello());
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    EXPECT_EQ(decode_hello(std::span(bytes).first(cut)).error(), Code::corrupted) << cut;
  }
  bytes.emplace_back();
  EXPECT_EQ(decode_hello(bytes).error(), Code::corrupted);
}

TEST(StreamHello, FieldsThatSayWhatThereIsNotAreCorrupted) {
  for (const std::size_t at : {0U, 7U, 8U, 9U, 12U, 13U, 14U, 15U}) {
    auto bytes = psyne::stream::encode(some_hello());
    bytes[at] = std::byte{7};
    EXPECT_EQ(decode_hello(bytes).error(), Code::corrupted) << at;
  }
  for (const char* name : {"a/b", "..", "a b", "\x1b[31m"}) {
    Hello hello = some_hello();
    hello.name = name;
    EXPECT_EQ(decode_hello(psyne::stream::encode(hello)).error(), Code::corrupted) << name;
  }
}

TEST(StreamHello, AnotherVersionOrByteOrderIsReadAndNamed) {
  Hello hello = some_hello();
  hello.version = 77;
  hello.release = "9.9\n9";
  auto got = decode_hello(psyne::stream::encode(hello)).value();
  EXPECT_EQ(got.name, "ticks");
  const auto version = got.check_compatible().error();
  EXPECT_EQ(version, Code::incompatible);
  for (const char* part : {"77", "version 2", "9.9"}) {
    EXPECT_NE(version.text().find(part), std::string::npos) << version.text();
  }
  EXPECT_EQ(version.text().find('\n'), std::string::npos);

  hello = some_hello();
  hello.little_endian = !hello.little_endian;
  const auto order = decode_hello(psyne::stream::encode(hello))->check_compatible().error();
  EXPECT_NE(order.text().find("big-endian"), std::string::npos);
  EXPECT_NE(order.text().find("little-endian"), std::string::npos);
}

Greeting greeting() {
  Greeting greeting;
  greeting.bytes = bytes_of("hello");
  greeting.spans.push_back({.offset = 8,
                            .length = 4096,
                            .generation = 7,
                            .access = psyne::Access::write,
                            .key = bytes_of("key"),
                            .descriptor = {},
                            .owner = nullptr});
  return greeting;
}

TEST(StreamMessage, AGreetingArrivesAsItWent) {
  const auto bytes = psyne::stream::encode_greeting(Message::offer, greeting()).value();
  EXPECT_EQ(psyne::stream::message_of(bytes).value(), Message::offer);
  const Greeting got = decode_greeting(bytes).value();
  EXPECT_EQ(text_of(got.bytes), "hello");
  ASSERT_EQ(got.spans.size(), 1U);
  EXPECT_EQ(got.spans[0].offset, 8U);
  EXPECT_EQ(got.spans[0].length, 4096U);
  EXPECT_EQ(got.spans[0].generation, 7U);
  EXPECT_EQ(got.spans[0].access, psyne::Access::write);
  EXPECT_EQ(text_of(got.spans[0].key), "key");
}

TEST(StreamMessage, ADescriptorDoesNotTravelAndNoneIsBelieved) {
  Greeting with = greeting();
  with.spans[0].descriptor = psyne::Descriptor(dup(0));
  EXPECT_EQ(psyne::stream::encode_greeting(Message::offer, std::move(with)).error(), Code::unsupported);
  auto bytes = psyne::stream::encode_greeting(Message::offer, greeting()).value();
  bytes.back() = std::byte{1};  // "a descriptor came with this span"
  EXPECT_EQ(decode_greeting(bytes).error(), Code::corrupted);
}

TEST(StreamMessage, TheLargestGreetingFitsAMessage) {
  Greeting largest;
  largest.bytes.resize(Greeting::longest);
  for (std::size_t i = 0; i < Greeting::most_spans; ++i) {
    largest.spans.emplace_back();
    largest.spans.back().key.resize(psyne::RemoteSpan::longest_key);
  }
  const auto bytes = psyne::stream::encode_greeting(Message::answer, std::move(largest)).value();
  EXPECT_LE(bytes.size(), psyne::stream::longest_message);
  EXPECT_TRUE(decode_greeting(bytes));
}

TEST(StreamMessage, AGreetingCutAnywhereIsCorrupted) {
  const auto bytes = psyne::stream::encode_greeting(Message::offer, greeting()).value();
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    EXPECT_EQ(decode_greeting(std::span(bytes).first(cut)).error(), Code::corrupted) << cut;
  }
}

TEST(StreamMessage, ARefusalKeepsCodeAndWordsAndIsShort) {
  const auto refusal = psyne::stream::encode_refusal(Error(Code::in_use, "no").because(std::string(5000, 'x')));
  EXPECT_LE(refusal.size(), psyne::stream::longest_short_message);
  const auto error = decode_refusal(refusal, "cannot connect tcp://a:1", "pid 3");
  EXPECT_EQ(error, Code::in_use);
  EXPECT_NE(error.text().find("no: xxx"), std::string::npos);
  EXPECT_NE(error.text().find("pid 3"), std::string::npos);
  auto hostile = psyne::stream::encode_refusal(Error(Code::timed_out, "\x1b[31m\n"));
  EXPECT_EQ(decode_refusal(hostile, "a", "b"), Code::refused) << "that our deadline passed is not for it to say";
  EXPECT_EQ(decode_refusal(hostile, "a", "b").text().find('\n'), std::string::npos);
  EXPECT_EQ(decode_refusal(bytes_of("R"), "a", "b"), Code::corrupted);
}

TEST(StreamMessage, SixAreKnown) {
  std::size_t known = 0;
  for (int byte = 0; byte < 256; ++byte) {
    const std::byte first{static_cast<std::uint8_t>(byte)};
    if (psyne::stream::message_of({&first, 1})) ++known;
  }
  EXPECT_EQ(known, 6U);
  EXPECT_EQ(psyne::stream::message_of({}).error(), Code::corrupted);
}

TEST(StreamProof, IsAnotherForEveryTokenRoleAndHello) {
  const auto one = psyne::stream::encode(some_hello());
  const auto other = psyne::stream::encode(some_hello());
  const auto proof = Proof::make("secret", Role::connecting, one, other).value();
  EXPECT_TRUE(Proof::make("secret", Role::connecting, one, other)->equals(proof.digest));
  EXPECT_FALSE(Proof::make("secreT", Role::connecting, one, other)->equals(proof.digest));
  EXPECT_FALSE(Proof::make("secret", Role::listening, one, other)->equals(proof.digest));
  EXPECT_FALSE(Proof::make("secret", Role::connecting, other, one)->equals(proof.digest));
  for (std::size_t at = 0; at < one.size(); ++at) {
    auto changed = one;
    changed[at] ^= std::byte{1};
    EXPECT_FALSE(Proof::make("secret", Role::connecting, changed, other)->equals(proof.digest)) << at;
    EXPECT_FALSE(Proof::make("secret", Role::connecting, other, changed)->equals(proof.digest)) << at;
  }
}

// The service thread may be in the middle of a handshake when the process ends: what OpenSSL takes down at exit would
// go from under it. Handlers run last to first, so this one comes after any of OpenSSL's.
TEST(StreamProofDeathTest, IsMadeWhileTheProcessExits) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto end = [] {
    std::atexit([] { _exit(Proof::make("secret", Role::connecting, {}, {}) ? 7 : 1); });
    static_cast<void>(Proof::make("secret", Role::connecting, {}, {}).value());
    std::exit(0);
  };
  EXPECT_EXIT(end(), testing::ExitedWithCode(7), "");
}

TEST(StreamProof, OnlyTheWholeDigestEquals) {
  const auto hello = psyne::stream::encode(some_hello());
  const auto proof = Proof::make("secret", Role::listening, hello, hello).value();
  EXPECT_FALSE(proof.equals({}));
  EXPECT_FALSE(proof.equals(std::span(proof.digest).first(31)));
  for (std::size_t bit = 0; bit < 8 * Proof::bytes; ++bit) {
    auto changed = proof.digest;
    changed[bit / 8] ^= std::byte{1} << (bit % 8);
    EXPECT_FALSE(proof.equals(changed)) << bit;
  }
  auto longer = std::vector(proof.digest.begin(), proof.digest.end());
  longer.emplace_back();
  EXPECT_FALSE(proof.equals(longer));
}

std::vector<std::byte> framed(std::string_view text) {
  std::vector<std::byte> bytes(4);
  bytes[0] = static_cast<std::byte>(text.size());
  for (const char letter : text) bytes.push_back(static_cast<std::byte>(letter));
  return bytes;
}

TEST(StreamMessageReader, TakesWholeMessagesAndNotAByteMore) {
  for (std::size_t step = 1; step < 12; ++step) {
    auto bytes = framed("one");
    std::ranges::copy(framed("second"), std::back_inserter(bytes));
    std::ranges::copy(bytes_of("behind"), std::back_inserter(bytes));
    MessageReader reader;
    std::vector<std::string> messages;
    std::size_t at = 0;
    while (messages.size() < 2) {
      const auto room = reader.room();
      ASSERT_FALSE(room.empty());
      const std::size_t part = std::min({step, room.size(), bytes.size() - at});
      std::memcpy(room.data(), bytes.data() + at, part);
      at += part;
      if (reader.took(part).value()) messages.push_back(text_of(reader.take()));
    }
    EXPECT_EQ(messages, (std::vector<std::string>{"one", "second"}));
    EXPECT_EQ(text_of(std::span(bytes).subspan(at)), "behind") << "is for whoever comes next";
  }
}

TEST(StreamMessageReader, ALengthThatIsNotExpectedIsCorrupted) {
  const auto read = [](std::uint32_t length) {
    MessageReader reader;
    reader.expect(3, 5);
    const auto room = reader.room();
    for (std::size_t i = 0; i < 4; ++i) room[i] = static_cast<std::byte>(length >> (8 * i));
    return reader.took(4);
  };
  for (const std::uint32_t length : {3U, 4U, 5U}) EXPECT_FALSE(read(length).value()) << "good, and not yet there";
  for (const std::uint32_t length : {0U, 1U, 2U, 6U, 8192U, 0x20544547U, 0xffffffffU}) {
    EXPECT_EQ(read(length).error(), Code::corrupted) << length;
  }
}

}  // namespace
