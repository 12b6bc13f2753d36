#include "conformance/child.hpp"
#include "open_descriptors.hpp"
#include "transports/ipc/hostile_peer.hpp"
#include "transports/ipc/name_directory.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <random>

namespace {

using conformance::bytes_of;
using conformance::Child;
using ipc_test::End;
using ipc_test::eventually;
using ipc_test::good_hello;
using ipc_test::good_page;
using ipc_test::HostilePeer;
using ipc_test::ipc;
using ipc_test::memory_file;
using ipc_test::NameDirectory;
using ipc_test::sealed;
using psyne::Access;
using psyne::Code;
using psyne::Descriptor;
using psyne::Greeting;
using psyne::Hello;
using psyne::Message;
using psyne::Packet;
using psyne::Region;
using psyne::RemoteSpan;
using psyne::Result;
using psyne::Side;

/// An end at a fresh name whose peers are hostile. When it goes, nothing of them must be left, and an honest peer must
/// have been able to connect.
class Attacked {
 public:
  explicit Attacked(Side side) : side_(side) { end.appear(ipc(), name.uri, side); }
  ~Attacked() {
    End honest("honest");
    honest.appear(ipc(), name.uri, side_ == Side::offering ? Side::answering : Side::offering);
    EXPECT_EQ(end.next().words, "honest") << "after the attack an honest peer connects as ever";
  }
  Attacked(const Attacked&) = delete;
  Attacked& operator=(const Attacked&) = delete;

  HostilePeer attacker() const {
    return side_ == Side::offering ? HostilePeer::connect_to(name) : HostilePeer::listen_at(name);
  }
  /// The error that the attack is reported with.
  psyne::Error reported() {
    const auto missed = end.next_missed();
    EXPECT_FALSE(missed) << "nothing was reported";
    return missed ? psyne::Error(Code::not_found) : missed.error();
  }

  NameDirectory name;
  End end;

 private:
  Side side_;
};

/// What a hostile peer at the other side of `side` may say after its hello: an answer or an offer.
Message due(Side side) { return side == Side::offering ? Message::answer : Message::offer; }

Greeting greeting_with(std::vector<RemoteSpan> spans) {
  Greeting greeting;
  greeting.bytes = bytes_of("hostile");
  greeting.spans = std::move(spans);
  return greeting;
}

class IpcHandshake : public testing::TestWithParam<Side> {};
INSTANTIATE_TEST_SUITE_P(Sides, IpcHandshake, testing::Values(Side::offering, Side::answering),
                         [](const auto& side) { return side.param == Side::offering ? "offering" : "answering"; });

TEST_P(IpcHandshake, ThePeerGoesAtOnce) {
  Attacked attacked(GetParam());
  attacked.attacker().hang_up();
  EXPECT_EQ(attacked.reported(), Code::peer_lost);
}

TEST_P(IpcHandshake, AHelloCutAnywhereIsRefused) {
  Attacked attacked(GetParam());
  const std::size_t length = good_hello().bytes.size();
  for (std::size_t cut = 1; cut < length; ++cut) {
    const auto peer = attacked.attacker();
    peer.say_part(good_hello(), cut);
    EXPECT_EQ(attacked.reported(), Code::corrupted) << cut;
    EXPECT_TRUE(peer.is_hung_up());
  }
}

TEST_P(IpcHandshake, AGreetingCutAnywhereIsRefused) {
  Attacked attacked(GetParam());
  const Region region = Region::allocate(4096, "span", {.shareable = true}).value();
  const auto greeting = [&] {
    RemoteSpan span{.length = 4096, .generation = 1, .key = bytes_of("key"), .descriptor = {}, .owner = nullptr};
    span.descriptor = Descriptor(fcntl(region.descriptor(), F_DUPFD_CLOEXEC, 0));
    std::vector<RemoteSpan> spans;
    spans.push_back(std::move(span));
    return psyne::encode(due(GetParam()), greeting_with(std::move(spans))).value();
  };
  const std::size_t length = greeting().bytes.size();
  for (std::size_t cut = 1; cut < length; ++cut) {
    const auto peer = attacked.attacker();
    peer.say(good_hello());
    peer.say_part(greeting(), cut);
    EXPECT_EQ(attacked.reported(), Code::corrupted) << cut;
  }
}

TEST_P(IpcHandshake, ThePeerGoesAfterEachMessage) {
  Attacked attacked(GetParam());
  {
    auto peer = attacked.attacker();
    peer.say(good_hello());
    EXPECT_TRUE(peer.hear());
    peer.hang_up();
    EXPECT_EQ(attacked.reported(), Code::peer_lost);
  }
  if (GetParam() == Side::answering) {
    auto peer = attacked.attacker();
    peer.say(good_hello());
    peer.say(psyne::encode(Message::offer, greeting_with({})).value());
    EXPECT_TRUE(peer.hear()) << "hello";
    EXPECT_TRUE(peer.hear()) << "answer";
    peer.hang_up();
    EXPECT_EQ(attacked.reported(), Code::peer_lost) << "no welcome came";
  }
}

TEST_P(IpcHandshake, AnotherVersionIsNamedAtBothEnds) {
  Attacked attacked(GetParam());
  const auto peer = attacked.attacker();
  Hello hello = Hello::own(good_page());
  hello.version = 77;
  hello.release = "9.9.9";
  peer.say(psyne::encode(std::move(hello)));
  const auto error = attacked.reported();
  EXPECT_EQ(error, Code::incompatible);
  const std::string ours = Hello::own({}).release;
  for (const std::string_view named : {"77", "9.9.9", "version 1", ours.c_str()}) {
    EXPECT_NE(error.text().find(named), std::string::npos) << error.text();
  }
  // The other end has heard ours, and decides alike.
  auto heard = peer.hear();
  ASSERT_TRUE(heard);
  EXPECT_TRUE(psyne::decode_hello(std::move(*heard)));
}

TEST_P(IpcHandshake, AnotherByteOrderIsNamed) {
  Attacked attacked(GetParam());
  const auto peer = attacked.attacker();
  Hello hello = Hello::own(good_page());
  hello.little_endian = !hello.little_endian;
  peer.say(psyne::encode(std::move(hello)));
  const auto error = attacked.reported();
  EXPECT_EQ(error, Code::incompatible);
  EXPECT_NE(error.text().find("big-endian"), std::string::npos) << error.text();
  EXPECT_NE(error.text().find("little-endian"), std::string::npos) << error.text();
}

TEST_P(IpcHandshake, GarbageIsRefused) {
  Attacked attacked(GetParam());
  std::minstd_rand random(1);
  for (int round = 0; round < 50; ++round) {
    const auto peer = attacked.attacker();
    if (round % 2 == 1) peer.say(good_hello());
    Packet garbage;
    garbage.bytes.resize(1 + random() % 5000);
    for (auto& byte : garbage.bytes) byte = static_cast<std::byte>(random());
    peer.say(garbage);
    EXPECT_EQ(attacked.reported(), Code::corrupted);
    EXPECT_TRUE(peer.is_hung_up());
  }
}

TEST_P(IpcHandshake, AnOversizePacketIsRefused) {
  Attacked attacked(GetParam());
  const auto peer = attacked.attacker();
  peer.say_part(good_hello(), Packet::longest + 1);
  EXPECT_EQ(attacked.reported(), Code::corrupted);
}

TEST_P(IpcHandshake, AMessageThatIsNotDueIsRefused) {
  Attacked attacked(GetParam());
  const Message wrong = GetParam() == Side::offering ? Message::offer : Message::answer;
  for (const auto& packet :
       {psyne::encode(wrong, greeting_with({})).value().bytes, psyne::encode_welcome().bytes, bytes_of("w")}) {
    const auto peer = attacked.attacker();
    peer.say(good_hello());
    Packet said;
    said.bytes = packet;
    peer.say(said);
    EXPECT_EQ(attacked.reported(), Code::corrupted);
  }
}

TEST_P(IpcHandshake, DescriptorsTooManyOrTooFewAreClosedAndRefused) {
  Attacked attacked(GetParam());
  const auto attack = [&](std::size_t with_hello, std::size_t with_greeting, std::uint8_t announced) {
    const auto peer = attacked.attacker();
    Packet hello = good_hello();
    hello.descriptors.clear();
    for (std::size_t i = 0; i < with_hello; ++i) hello.descriptors.push_back(good_page());
    peer.say(hello);
    std::vector<RemoteSpan> spans;
    for (std::uint8_t i = 0; i < announced; ++i) {
      spans.push_back({.length = 4096, .generation = i + 1U, .key = {}, .descriptor = good_page(), .owner = nullptr});
    }
    Packet greeting = psyne::encode(due(GetParam()), greeting_with(std::move(spans))).value();
    greeting.descriptors.clear();
    for (std::size_t i = 0; i < with_greeting; ++i) greeting.descriptors.push_back(good_page());
    peer.say(greeting);
    EXPECT_EQ(attacked.reported(), Code::corrupted) << with_hello << with_greeting << int{announced};
  };
  attack(0, 0, 0);
  const std::size_t before = psyne_test::open_descriptors();
  for (int round = 0; round < 20; ++round) {
    attack(0, 0, 0);
    attack(2, 0, 0);
    attack(5, 0, 0);
    attack(1, 1, 0);
    attack(1, 1, 2);
    attack(1, 5, 1);
  }
  EXPECT_TRUE(eventually([&] { return psyne_test::open_descriptors() <= before; }));
}

TEST_P(IpcHandshake, ACounterPageThatCouldVanishIsRefused) {
  Attacked attacked(GetParam());
  const auto attack = [&](Descriptor page, const char* what) {
    const auto peer = attacked.attacker();
    peer.say(psyne::encode(Hello::own(std::move(page))));
    const auto error = attacked.reported();
    EXPECT_EQ(error, Code::corrupted) << what << ": " << error.text();
    // It heard our hello, so it is told why.
    EXPECT_TRUE(peer.hear());
    const auto refusal = peer.hear();
    ASSERT_TRUE(refusal) << what;
    EXPECT_EQ(psyne::message_of(*refusal).value(), Message::refusal);
  };
  attack(memory_file(4096, 0), "not sealed");
  attack(memory_file(4096, F_SEAL_SHRINK), "may grow");
  attack(memory_file(4096, F_SEAL_GROW), "may shrink");
  attack(memory_file(4095, sealed), "too small");
  attack(memory_file(0, sealed), "empty");
  attack(memory_file(4096, sealed, false), "not there");
  attack(memory_file(4096, sealed | F_SEAL_WRITE), "not writable");
  attack(memory_file(4096, sealed | F_SEAL_FUTURE_WRITE), "not writable from now on");
  attack(Descriptor(open("/dev/null", O_RDWR | O_CLOEXEC)), "a device");
  attack(Descriptor(open("/proc/self/exe", O_RDONLY | O_CLOEXEC)), "a file");
  attack(Descriptor(::socket(AF_UNIX, SOCK_STREAM, 0)), "a socket");
}

TEST_P(IpcHandshake, ASpanThatIsNotWhatItClaimsIsRefused) {
  Attacked attacked(GetParam());
  struct Lie {
    std::uint64_t offset, length;
    Access access;
    int seals;
    const char* what;
  };
  for (const auto& [offset, length, access, seals, what] :
       {Lie{0, 4097, Access::read, sealed, "longer"}, Lie{1, 4096, Access::read, sealed, "ends outside"},
        Lie{~std::uint64_t{0}, 2, Access::read, sealed, "wraps"}, Lie{0, 0, Access::read, sealed, "empty"},
        Lie{0, ~std::uint64_t{0}, Access::read, sealed, "endless"}, Lie{0, 4096, Access::read, 0, "may be truncated"},
        Lie{0, 4096, Access::write, sealed | F_SEAL_FUTURE_WRITE, "not writable"}}) {
    const auto peer = attacked.attacker();
    peer.say(good_hello());
    std::vector<RemoteSpan> spans;
    spans.push_back({.offset = offset,
                     .length = length,
                     .generation = 1,
                     .access = access,
                     .key = {},
                     .descriptor = memory_file(4096, seals),
                     .owner = nullptr});
    peer.say(psyne::encode(due(GetParam()), greeting_with(std::move(spans))).value());
    EXPECT_EQ(attacked.reported(), Code::corrupted) << what;
  }
}

TEST_P(IpcHandshake, ARefusalFromThePeerIsToldWithItsWordsMadeSafe) {
  Attacked attacked(GetParam());
  const auto peer = attacked.attacker();
  peer.say(good_hello());
  peer.say(psyne::encode_refusal(psyne::Error(Code::timed_out, "no\x1b[31m\n" + std::string(5000, 'x'))));
  const auto error = attacked.reported();
  EXPECT_EQ(error, Code::refused) << "that a deadline of ours passed is not for the peer to say";
  EXPECT_EQ(error.text().find('\x1b'), std::string::npos);
  EXPECT_LT(error.text().size(), 3000U);
  EXPECT_NE(error.text().find("pid"), std::string::npos) << error.text();
}

// Service thread, deadline 5 s: a stalled peer is dropped, and holds nobody else up meanwhile.
TEST_P(IpcHandshake, AStalledPeerIsDroppedAndBlocksNobody) {
  const NameDirectory name;
  End end;
  end.appear(ipc(), name.uri, GetParam());
  const HostilePeer silent =
      GetParam() == Side::offering ? HostilePeer::connect_to(name) : HostilePeer::listen_at(name);
  const auto begun = std::chrono::steady_clock::now();
  End honest("honest");
  honest.appear(ipc(), name.uri, GetParam() == Side::offering ? Side::answering : Side::offering);
  EXPECT_EQ(end.next().words, "honest");
  const auto missed = end.next_missed();
  ASSERT_FALSE(missed);
  EXPECT_EQ(missed.error(), Code::timed_out);
  EXPECT_GT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(4));
  EXPECT_TRUE(silent.is_hung_up());
}

TEST(IpcFlood, SilentConnectionsCostABoundedNumberOfDescriptors) {
  const NameDirectory name;
  End end;
  end.appear(ipc(), name.uri, Side::offering);
  Child flood([&](Child::Word& word) {
    std::vector<Descriptor> sockets;
    for (int i = 0; i < 500; ++i) {
      Descriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      const auto address = ipc_test::address_of(name.path + "/" + name.sockets().at(0));
      static_cast<void>(connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address));
      sockets.push_back(std::move(socket));
    }
    word.say();
    Child::Word::stay();
  });
  const std::size_t before = psyne_test::open_descriptors();
  EXPECT_EQ(flood.hear(), '!');
  EXPECT_LT(psyne_test::open_descriptors(), before + 3 * 64);
  flood.kill();
  End honest("honest");
  honest.appear(ipc(), name.uri, Side::answering);
  EXPECT_EQ(end.next().words, "honest");
  EXPECT_TRUE(eventually([&] { return psyne_test::open_descriptors() < before + 10; }));
}

TEST(IpcFlood, WithoutFreeDescriptorsAnEndReportsAndRecovers) {
  Child poor([](Child::Word& word) {
    const NameDirectory name;
    End end;
    end.appear(ipc(), name.uri, Side::offering);
    Descriptor client(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    const auto address = ipc_test::address_of(name.path + "/" + name.sockets().at(0));
    std::vector<Descriptor> all;
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = 200;
    setrlimit(RLIMIT_NOFILE, &limit);
    for (Descriptor one(dup(0)); one; one = Descriptor(dup(0))) all.push_back(std::move(one));
    static_cast<void>(connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address));
    const auto missed = end.next_missed();
    word.say(!missed && missed.error() == Code::exhausted ? 'e' : 'n');
    client.reset();
    all.clear();
    End honest("honest");
    honest.appear(ipc(), name.uri, Side::answering);
    word.say(end.next().words == "honest" ? 'h' : 'n');
  });
  EXPECT_EQ(poor.hear(), 'e');
  EXPECT_EQ(poor.hear(), 'h');
}

}  // namespace
