// Whoever comes to a port from the network without being a peer: refused, and nothing of him stays.
#include "network/stranger.hpp"

#include <psyne/transports/stream/meeting/hello.hpp>
#include <psyne/transports/stream/meeting/message.hpp>

#include "eventually.hpp"
#include "network/stream.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <random>

namespace {

using network::Bytes;
using network::calling;
using network::comes_to_count;
using network::comes_to_mention;
using network::listening;
using network::MiddleMan;
using network::Program;
using network::receive_stream;
using network::send_stream;
using network::Stranger;
using psyne::stream::Hello;

class Strangers : public network::OverNetwork {
 protected:
  void SetUp() override {
    OverNetwork::SetUp();
    if (IsSkipped()) return;
    north = host();
    south = host();
    receiver.emplace(*north, [](auto& line) { receive_stream(line, listening("?token=t")); });
    ASSERT_EQ(receiver->hear(), "open");
  }

  /// A peer comes, and its stream flows.
  testing::AssertionResult a_real_one_gets_in() {
    const std::uint64_t before = receiver->ask_number("count");
    const Program sender(*south, [&](auto& line) {
      send_stream(line, calling(north->address(), "?token=t"), {.capacity_bytes = 64 * psyne::KiB});
    });
    if (const std::string said = sender.hear(); said != "open") return testing::AssertionFailure() << said;
    if (auto flows = comes_to_count(*receiver, before + 200); !flows) return flows;
    if (const std::string wrong = receiver->ask("wrong"); wrong != "nothing")
      return testing::AssertionFailure() << wrong;
    return testing::AssertionSuccess();
  }
  Stranger stranger() const { return Stranger(north->address()); }
  const std::string& there() const { return north->address(); }

  std::unique_ptr<network::Host> north, south;
  std::optional<Program> receiver;
};

Bytes framed(std::span<const std::byte> message) {
  const auto size = static_cast<std::uint32_t>(message.size());
  Bytes bytes;
  for (std::size_t i = 0; i < psyne::stream::length_bytes; ++i)
    bytes.push_back(static_cast<std::byte>(size >> (8 * i)));
  bytes.insert(bytes.end(), message.begin(), message.end());
  return bytes;
}

Hello hello() {
  Hello hello = Hello::own().value();
  hello.authentication = psyne::stream::Authentication::token;
  hello.presence = 7;
  return hello;
}

std::string text_of(const Bytes& bytes) {
  std::string text(bytes.size(), '.');
  std::ranges::transform(bytes, text.begin(), [](std::byte byte) { return static_cast<char>(byte); });
  return text;
}

/// Garbage, pieces of messages, messages without end, and some who only knock or say nothing.
void bother(const std::string& address, std::uint32_t seed) {
  std::mt19937 random(seed);
  const Bytes good = framed(psyne::stream::encode(hello()));
  std::vector<Stranger> silent;
  for (int i = 0; i < 400; ++i) {
    Stranger one(address);
    ASSERT_TRUE(one.connected());
    Bytes bytes;
    switch (i % 6) {
      case 0: break;  // a scanner
      case 1:         // garbage
        bytes.resize(1 + random() % 2000);
        std::ranges::generate(bytes, [&] { return static_cast<std::byte>(random()); });
        break;
      case 2: bytes.assign(good.begin(), good.begin() + 1 + random() % (good.size() - 1)); break;  // a half
      case 3: bytes.assign(20, std::byte{0xff}); break;                                            // without end
      case 4:  // a proof that is none
        bytes = good;
        bytes.resize(good.size() + 4096, static_cast<std::byte>('P'));
        break;
      case 5: bytes = framed(Bytes(8000, static_cast<std::byte>('O'))); break;  // another message first
    }
    static_cast<void>(one.say(bytes));
    if (i % 10 == 2) {
      silent.push_back(std::move(one));
    } else {
      one.hang_up(i % 3 == 0);
    }
  }
}

TEST_F(Strangers, LeaveNothingBehind) {
  ASSERT_TRUE(a_real_one_gets_in());
  bother(there(), 1);
  ASSERT_TRUE(a_real_one_gets_in());
  const std::size_t descriptors = receiver->descriptors(), memory = receiver->resident_bytes();
  for (const std::uint32_t seed : {2U, 3U}) bother(there(), seed);
  ASSERT_TRUE(a_real_one_gets_in());
  EXPECT_TRUE(psyne_test::eventually([&] { return receiver->descriptors() <= descriptors; }))
      << receiver->descriptors() << " descriptors, and before " << descriptors;
  if (network::plain_memory) {
    EXPECT_LT(receiver->resident_bytes(), memory + psyne::MiB);
  }
}

TEST_F(Strangers, ThatComeByTheThousandsKeepNobodyOut) {
  const std::size_t descriptors = receiver->descriptors();
  for (int i = 0; i < 3000; ++i) stranger().hang_up(i % 2 == 0);
  std::vector<Stranger> silent;  // more than there are seats for
  for (int i = 0; i < 200; ++i) silent.push_back(stranger());
  EXPECT_TRUE(a_real_one_gets_in()) << "while they sit there";
  Bytes heard;
  EXPECT_TRUE(silent.front().hears_out(heard)) << "the first of them lost his seat";
  EXPECT_TRUE(heard.empty()) << "and was told nothing";
  silent.clear();
  EXPECT_TRUE(psyne_test::eventually([&] { return receiver->descriptors() <= descriptors + 1; }));
}

TEST_F(Strangers, OfAnotherVersionAreToldOurs) {
  for (const int version : {0, psyne::stream::wire_version + 1, 65535}) {
    Hello other = hello();
    other.version = static_cast<std::uint16_t>(version);
    const Stranger one = stranger();
    ASSERT_TRUE(one.say(framed(psyne::stream::encode(other))));
    Bytes heard;
    ASSERT_TRUE(one.hears_out(heard));
    ASSERT_EQ(heard.size(), psyne::stream::length_bytes + Hello::bytes) << "a hello, and no more";
    const auto ours = psyne::stream::decode_hello(std::span(heard).subspan(psyne::stream::length_bytes));
    EXPECT_EQ(ours.value().version, psyne::stream::wire_version);
    EXPECT_TRUE(comes_to_mention(*receiver, "text", "stream version " + std::to_string(version)));
  }
  EXPECT_TRUE(comes_to_mention(*receiver, "errors", "incompatible"));
  EXPECT_TRUE(a_real_one_gets_in());
}

TEST_F(Strangers, WithAnotherTokenAreRefusedAtBothEnds) {
  const Program wrong(*south, [&](auto& line) { send_stream(line, calling(there(), "?token=other")); });
  ASSERT_EQ(wrong.hear(), "open");
  EXPECT_TRUE(comes_to_mention(*receiver, "text", "wrong token"));
  EXPECT_TRUE(comes_to_mention(*receiver, "text", "PSYNE_TOKEN"));
  EXPECT_TRUE(a_real_one_gets_in());
  EXPECT_EQ(receiver->ask("errors").substr(0, 7), "refused");
}

TEST_F(Strangers, WhoRepeatWhatAPeerSaidAreRefused) {
  MiddleMan middle(there());
  std::optional<Program> sender(std::in_place, *south, [](auto& line) {
    send_stream(line, calling(network::Network::own_address(), "?token=t"));
  });
  ASSERT_EQ(sender->hear(), "open");
  ASSERT_TRUE(middle.pass_on(100'000)) << "a whole handshake, and the stream behind it";
  sender->kill();
  middle.to_listener().hang_up();
  ASSERT_TRUE(comes_to_mention(*receiver, "errors", "peer_lost"));
  const std::uint64_t count = receiver->ask_number("count");
  for (int i = 0; i < 20; ++i) {
    const Stranger parrot = stranger();
    static_cast<void>(parrot.say(middle.said_by_caller()));  // it may be hung up in the middle
    Bytes heard;
    ASSERT_TRUE(parrot.hears_out(heard));
    EXPECT_EQ(heard.size() < Hello::bytes || text_of(heard).find("wrong token") != std::string::npos, true);
  }
  EXPECT_TRUE(comes_to_mention(*receiver, "text", "wrong token"));
  EXPECT_EQ(receiver->ask_number("count"), count) << "nothing that they repeated arrived";
  EXPECT_TRUE(a_real_one_gets_in());
}

// Somebody on the way who breaks off within a frame, or goes on with garbage: what had come before is whole.
TEST_F(Strangers, OnTheWayCanEndAStreamAndNotTearIt) {
  MiddleMan middle(there());
  std::mt19937 random(7);
  for (const std::size_t limit : {5'000U, 50'001U, 200'003U}) {
    std::optional<Program> sender(std::in_place, *south, [](auto& line) {
      send_stream(line, calling(network::Network::own_address(), "?token=t"));
    });
    ASSERT_EQ(sender->hear(), "open");
    ASSERT_TRUE(middle.pass_on(middle.said_by_caller().size() + limit));
    if (limit % 2 == 0) {
      Bytes garbage(20'000);
      std::ranges::generate(garbage, [&] { return static_cast<std::byte>(random()); });
      static_cast<void>(middle.to_listener().say(garbage));
    }
    sender->kill();
    middle.to_listener().hang_up();
    ASSERT_TRUE(a_real_one_gets_in());
  }
  EXPECT_TRUE(comes_to_mention(*receiver, "errors", "peer_lost"));
}

TEST_F(Strangers, WithoutATokenAreRefusedAndToldWhy) {
  const std::string why = "it leaves this host, and no token says who may come";
  const auto receiving = [&](const std::string& uri) {
    return [=](const Program::Line& line) { receive_stream(line, uri); };
  };
  const auto sending = [&](const std::string& uri) {
    return [=](const Program::Line& line) { send_stream(line, uri); };
  };
  {
    const Program listener(*south, receiving(listening("/open")));
    const Program caller(*north, sending(calling(south->address(), "/open")));
    ASSERT_EQ(listener.hear(), "open");
    EXPECT_TRUE(comes_to_mention(listener, "text", why)) << "who listens says so";
    EXPECT_TRUE(comes_to_mention(listener, "text", "insecure=1")) << "and what to do";
    EXPECT_EQ(listener.ask("count"), "0");
  }
  {
    const Program listener(*south, sending(listening("/open?insecure=1")));
    ASSERT_EQ(listener.hear(), "open");
    const Program caller(*north, receiving(calling(south->address(), "/open")));
    ASSERT_EQ(caller.hear(), "open");
    EXPECT_TRUE(comes_to_mention(caller, "text", why)) << "as does who calls, though the other would";
    const Program willing(*north, receiving(calling(south->address(), "/open?insecure=1")));
    ASSERT_EQ(willing.hear(), "open");
    EXPECT_TRUE(comes_to_count(willing, 100)) << "where both say so it is open";
  }
}

}  // namespace
