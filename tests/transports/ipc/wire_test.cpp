#include <psyne/transports/ipc/meeting/wire.hpp>

#include "conformance/end.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>

namespace {

using conformance::bytes_of;
using conformance::text_of;
using psyne::Access;
using psyne::Code;
using psyne::Descriptor;
using psyne::Error;
using psyne::Greeting;
using psyne::Hello;
using psyne::Message;
using psyne::Packet;
using psyne::RemoteSpan;

Descriptor any_descriptor() { return Descriptor(dup(0)); }

RemoteSpan span(std::uint64_t generation, std::string_view key, bool with_descriptor) {
  return {.offset = 8,
          .length = 4096,
          .generation = generation,
          .access = Access::write,
          .key = bytes_of(key),
          .descriptor = with_descriptor ? any_descriptor() : Descriptor(),
          .owner = nullptr};
}

TEST(Wire, AGreetingArrivesAsItWent) {
  Greeting greeting;
  greeting.bytes = bytes_of("hello");
  greeting.spans.push_back(span(7, "key", false));
  greeting.spans.push_back(span(~std::uint64_t{0}, "", true));
  const int descriptor = greeting.spans[1].descriptor.get();
  auto packet = psyne::encode(Message::offer, std::move(greeting)).value();
  EXPECT_EQ(psyne::message_of(packet).value(), Message::offer);
  ASSERT_EQ(packet.descriptors.size(), 1U);
  const Greeting got = psyne::decode_greeting(std::move(packet)).value();
  EXPECT_EQ(text_of(got.bytes), "hello");
  ASSERT_EQ(got.spans.size(), 2U);
  EXPECT_EQ(got.spans[0].offset, 8U);
  EXPECT_EQ(got.spans[0].length, 4096U);
  EXPECT_EQ(got.spans[0].generation, 7U);
  EXPECT_EQ(got.spans[0].access, Access::write);
  EXPECT_EQ(text_of(got.spans[0].key), "key");
  EXPECT_FALSE(got.spans[0].descriptor);
  EXPECT_EQ(got.spans[1].generation, ~std::uint64_t{0});
  EXPECT_EQ(got.spans[1].descriptor.get(), descriptor);
}

TEST(Wire, TheLargestGreetingFitsAPacketAndALargerOneIsRefused) {
  const auto largest = [] {
    Greeting greeting;
    greeting.bytes.resize(Greeting::longest);
    for (std::size_t i = 0; i < Greeting::most_spans; ++i) {
      greeting.spans.push_back(span(i, std::string(RemoteSpan::longest_key, 'k'), true));
    }
    return greeting;
  };
  auto packet = psyne::encode(Message::answer, largest()).value();
  EXPECT_LE(packet.bytes.size(), Packet::longest);
  EXPECT_LE(packet.descriptors.size(), Packet::most_descriptors);
  EXPECT_TRUE(psyne::decode_greeting(std::move(packet)));

  Greeting words = largest(), spans = largest(), key = largest();
  words.bytes.emplace_back();
  spans.spans.push_back(span(9, "", false));
  key.spans[0].key.emplace_back();
  for (Greeting* larger : {&words, &spans, &key}) {
    EXPECT_EQ(psyne::encode(Message::answer, std::move(*larger)).error(), Code::too_large);
  }
}

// Every byte set to every value that differs in one bit: what is accepted is within its bounds.
TEST(Wire, AGreetingWithAnyBitTurnedIsCheckedOrHarmless) {
  const auto original = [] {
    Greeting greeting;
    greeting.bytes = bytes_of("hi");
    greeting.spans.push_back(span(1, "k", true));
    return psyne::encode(Message::offer, std::move(greeting)).value();
  };
  std::size_t refused = 0, accepted = 0;
  for (std::size_t bit = 8; bit < original().bytes.size() * 8; ++bit) {
    Packet packet = original();
    packet.bytes[bit / 8] ^= std::byte{1} << (bit % 8);
    const auto greeting = psyne::decode_greeting(std::move(packet));
    ++(greeting ? accepted : refused);
    if (!greeting) {
      EXPECT_EQ(greeting.error(), Code::corrupted);
    }
  }
  EXPECT_GT(refused, 50U);
  EXPECT_GT(accepted, 50U) << "bits of plain values";
}

TEST(Wire, AHelloIsFixedForAllVersions) {
  Hello hello = Hello::own(any_descriptor());
  hello.version = 0x0102;
  hello.pid = 0x0a0b0c0d;
  hello.release = "1.2.3";
  const Packet packet = psyne::encode(std::move(hello));
  ASSERT_EQ(packet.bytes.size(), 44U);
  EXPECT_EQ(text_of(std::span(packet.bytes).first(8)), "psyneipc");
  EXPECT_EQ(packet.bytes[8], std::byte{std::endian::native == std::endian::little ? 'l' : 'b'});
  EXPECT_EQ(packet.bytes[10], std::byte{2});
  EXPECT_EQ(packet.bytes[11], std::byte{1});
  EXPECT_EQ(packet.bytes[12], std::byte{0x0d});
  EXPECT_EQ(text_of(std::span(packet.bytes).subspan(20, 6)), std::string("1.2.3\0", 6));
}

TEST(Wire, ALongerHelloOfALaterVersionIsIncompatibleNotCorrupted) {
  Hello hello = Hello::own(any_descriptor());
  hello.version = psyne::wire_version + 1;
  Packet packet = psyne::encode(std::move(hello));
  packet.bytes.resize(200);
  packet.descriptors.push_back(any_descriptor());
  EXPECT_EQ(psyne::decode_hello(std::move(packet)).error(), Code::incompatible);
}

TEST(Wire, ARefusalKeepsCodeAndWords) {
  for (const Code code : {Code::refused, Code::incompatible, Code::in_use, Code::too_large}) {
    const auto packet = psyne::encode_refusal(Error(code, "no").because("the type is Tick"));
    const auto refusal = psyne::decode_refusal(packet, "cannot connect ipc://a", "pid 3");
    EXPECT_EQ(refusal, code);
    EXPECT_NE(refusal.text().find("the type is Tick"), std::string::npos);
    EXPECT_NE(refusal.text().find("pid 3"), std::string::npos);
  }
  for (const int code : {static_cast<int>(Code::timed_out), static_cast<int>(Code::peer_lost), 200}) {
    auto packet = psyne::encode_refusal(Error(Code::refused, "no"));
    packet.bytes[1] = static_cast<std::byte>(code);
    EXPECT_EQ(psyne::decode_refusal(packet, "a", "b"), Code::refused);
  }
}

TEST(Wire, ARefusalWithoutACodeIsCorrupted) {
  Packet packet;
  packet.bytes = bytes_of("R");
  EXPECT_EQ(psyne::decode_refusal(packet, "a", "b"), Code::corrupted);
}

TEST(Wire, AnUnknownMessageIsCorrupted) {
  Packet packet;
  EXPECT_EQ(psyne::message_of(packet).error(), Code::corrupted);
  std::size_t known = 0;
  for (int byte = 0; byte < 256; ++byte) {
    packet.bytes = {static_cast<std::byte>(byte)};
    if (psyne::message_of(packet)) ++known;
  }
  EXPECT_EQ(known, 5U);
}

struct SocketPair {
  Descriptor ours, theirs;
  SocketPair() {
    std::array<int, 2> ends{};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
    ours = Descriptor(ends[0]);
    theirs = Descriptor(ends[1]);
  }
};

TEST(Packet, BytesAndDescriptorsArriveTogetherCloseOnExec) {
  const SocketPair pair;
  Packet packet;
  packet.bytes = bytes_of("hello");
  packet.descriptors.push_back(any_descriptor());
  packet.descriptors.push_back(any_descriptor());
  psyne::send_packet(pair.ours.get(), packet).value();
  const auto got = psyne::receive_packet(pair.theirs.get()).value();
  EXPECT_EQ(text_of(got.bytes), "hello");
  ASSERT_EQ(got.descriptors.size(), 2U);
  for (const auto& descriptor : got.descriptors) EXPECT_TRUE(fcntl(descriptor.get(), F_GETFD) & FD_CLOEXEC);
  EXPECT_EQ(psyne::receive_packet(pair.theirs.get()).error(), Code::would_block);
}

TEST(Packet, WhatAPeerSaidLastIsHeardThoughItWentWithoutListening) {
  SocketPair pair;
  Packet packet;
  packet.bytes = bytes_of("last words");
  psyne::send_packet(pair.theirs.get(), packet).value();  // never read by ours before it closes: a reset
  psyne::send_packet(pair.ours.get(), packet).value();
  pair.ours.reset();
  EXPECT_EQ(text_of(psyne::receive_packet(pair.theirs.get()).value().bytes), "last words");
  EXPECT_EQ(psyne::receive_packet(pair.theirs.get()).error(), Code::peer_lost);
  EXPECT_EQ(psyne::send_packet(pair.theirs.get(), packet).error(), Code::peer_lost) << "and no SIGPIPE";
}

TEST(Packet, AFullSocketBlocksNobody) {
  const SocketPair pair;
  Packet packet;
  packet.bytes.resize(Packet::longest);
  psyne::Result<void> sent;
  for (int i = 0; i < 10000 && sent; ++i) sent = psyne::send_packet(pair.ours.get(), packet);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error(), Code::would_block);
}

}  // namespace
