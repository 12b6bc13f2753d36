// Ports and connectors over real sockets of this host; the links carry nothing.
#include <psyne/transports/stream/meeting/message.hpp>

#include "conformance/free_port.hpp"
#include "open_descriptors.hpp"
#include "transports/stream/ends.hpp"

#include <algorithm>
#include <random>

namespace {

using conformance::bytes_of;
using psyne::Code;
using psyne::Error;
using psyne::PeerState;
using stream_test::any_port;
using stream_test::any_port_named;
using stream_test::appear;
using stream_test::End;
using stream_test::eventually;
using stream_test::other;
using stream_test::port_of;
using stream_test::Result;
using stream_test::Side;
using stream_test::Stranger;
using stream_test::try_appear;
using stream_test::way_to;

/// Runs for whoever of the two sides listens, over tcp and over unix sockets.
struct Over {
  Side listens;
  bool tcp;
};

class StreamPort : public testing::TestWithParam<Over> {
 protected:
  static Side listening() { return GetParam().listens; }
  static Side connecting() { return other(GetParam().listens); }
  /// An address at which nobody is, to listen at.
  static std::string fresh() { return GetParam().tcp ? any_port : "unix://*" + stream_test::fresh_path(); }
  /// One at which somebody may listen again: no other program is given it meanwhile.
  static std::string fresh_to_come_back_to() {
    return GetParam().tcp ? "tcp://*:" + std::to_string(conformance::free_port()) + "?iface=127.0.0.1" : fresh();
  }
};
INSTANTIATE_TEST_SUITE_P(Ways, StreamPort,
                         testing::Values(Over{Side::offering, true}, Over{Side::answering, true},
                                         Over{Side::offering, false}, Over{Side::answering, false}),
                         [](const auto& way) {
                           return std::string(way.param.listens == Side::offering ? "offering" : "answering") +
                                  "ListensOver" + (way.param.tcp ? "Tcp" : "Unix");
                         });

TEST_P(StreamPort, TwoMeet) {
  End one("one"), two("two");
  appear(one, fresh(), listening());
  appear(two, way_to(one), connecting());
  const auto ones = one.next();
  const auto twos = two.next();
  ASSERT_TRUE(ones.link && twos.link);
  EXPECT_EQ(ones.words, "two");
  EXPECT_EQ(twos.words, "one");
  EXPECT_EQ(ones.link->peer().pid, getpid());
  EXPECT_EQ(ones.link->peer().name, "pid " + std::to_string(getpid()));
  EXPECT_EQ(twos.link->peer().name, "pid " + std::to_string(getpid()));
}

TEST_P(StreamPort, WhoConnectsMayComeFirst) {
  const std::string at = fresh_to_come_back_to();
  std::string way;
  {
    End gone;
    appear(gone, at, listening());
    way = way_to(gone);
  }
  End two("two");
  appear(two, way, connecting());
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(two.count_met() + two.count_missed(), 0U) << "that nobody is there yet is no news";
  End one("one");
  appear(one, at, listening());
  EXPECT_TRUE(one.next().link);
  EXPECT_EQ(two.next().words, "one");
}

TEST_P(StreamPort, WhoConnectsComesBackWhenItsConnectionHasEnded) {
  End one("one"), two("two");
  appear(one, fresh(), listening());
  appear(two, way_to(one), connecting());
  for (int round = 0; round < 3; ++round) {
    auto ones = one.next();
    const auto twos = two.next();  // which its host keeps, though it is of no use any more
    ASSERT_TRUE(ones.link && twos.link) << round;
    ones.link.reset();
    EXPECT_TRUE(eventually([&] { return twos.link->peer_state() != PeerState::alive; }));
  }
}

TEST_P(StreamPort, WhoDroppedItsLinkItselfGetsAnother) {
  End one("one"), two("two");
  appear(one, fresh(), listening());
  appear(two, way_to(one), connecting());
  for (int round = 0; round < 3; ++round) {
    const auto ones = one.next();
    auto twos = two.next();
    ASSERT_TRUE(ones.link && twos.link) << round;
    twos.link.reset();
  }
}

TEST_P(StreamPort, AListenerThatCameBackIsFound) {
  const std::string at = fresh_to_come_back_to();
  auto one = std::make_unique<End>("one");
  appear(*one, at, listening());
  End two("two");
  appear(two, way_to(*one), connecting());
  ASSERT_TRUE(two.next().link);
  one.reset();  // with its links
  End again("again");
  appear(again, at, listening());
  EXPECT_EQ(two.next().words, "again");
}

TEST_P(StreamPort, ManyConnectToOne) {
  End one("one");
  appear(one, fresh(), listening());
  std::vector<std::unique_ptr<End>> others;
  for (int i = 0; i < 100; ++i) {
    others.push_back(std::make_unique<End>("other"));
    appear(*others.back(), way_to(one), connecting());
  }
  for (auto& end : others) EXPECT_TRUE(end->next().link);
  EXPECT_TRUE(eventually([&] { return one.count_met() >= 100; })) << "who dropped his link came again";
}

TEST_P(StreamPort, ASecondOfOneSideIsTaken) {
  End one, two;
  appear(one, fresh(), listening());
  const auto place = psyne::stream::Place::of(stream_test::uri(way_to(one))).value();
  const std::string same =
      place.tcp ? "tcp://*:" + std::to_string(*place.endpoint.port) + "?iface=127.0.0.1" : "unix://*" + place.path;

  const auto taken = try_appear(two, same, listening());
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error(), Code::in_use);
  EXPECT_FALSE(taken.error().advice().empty()) << taken.error().text();
  one.disappear();
  EXPECT_TRUE(try_appear(two, same, listening()));
}

TEST_P(StreamPort, AnExclusiveOneThatConnectsIsTheOnlyOne) {
  for (const auto& [first, second] : {std::pair(true, true), {true, false}, {false, true}}) {
    End one, two, three;
    appear(one, fresh(), listening());
    appear(two, way_to(one), connecting(), {.exclusive = first});
    auto twos = two.next();
    ASSERT_TRUE(twos.link);
    appear(three, way_to(one), connecting(), {.exclusive = second});
    const auto refused = three.next_missed();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), Code::in_use) << refused.error().text();
    EXPECT_FALSE(refused.error().text().empty());
    EXPECT_EQ(three.count_met(), 0U);
    EXPECT_EQ(one.count_missed(), 0U) << "its host need not hear of everyone who waits";
    two.disappear();
    twos.link.reset();
    EXPECT_TRUE(three.next().link) << "the first is gone";
  }
}

TEST_P(StreamPort, AnExclusiveOneComesBackToItself) {
  End one, two;
  appear(one, fresh(), listening());
  appear(two, way_to(one), connecting(), {.exclusive = true});
  for (int round = 0; round < 3; ++round) {
    auto ones = one.next();
    const auto twos = two.next();
    ASSERT_TRUE(ones.link && twos.link) << round;
    ones.link.reset();
  }
  EXPECT_EQ(two.count_missed(), 0U);
}

TEST_P(StreamPort, ARefusalReachesBothHosts) {
  End one("one"), two("two");
  one.judge = two.judge = [](const std::string& words) -> Result<void> {
    return Error(Code::incompatible, "cannot share a lane").because("you said " + words);
  };
  appear(one, fresh(), listening());
  appear(two, way_to(one), connecting());
  for (End* end : {&one, &two}) {
    const auto missed = end->next_missed();
    ASSERT_FALSE(missed);
    EXPECT_EQ(missed.error(), Code::incompatible);
    EXPECT_NE(missed.error().text().find("you said"), std::string::npos) << missed.error().text();
  }
}

TEST_P(StreamPort, WhatWasRefusedIsTriedAgain) {
  End one("one"), two("two");
  std::atomic<int> asked{0};
  const auto judge = [&](const std::string&) -> Result<void> {
    if (++asked == 1) return Error(Code::in_use, "it has its one receiver already");
    return {};
  };
  (listening() == Side::offering ? one : two).judge = judge;  // whoever is asked first or last, it is once
  appear(one, fresh(), listening());
  appear(two, way_to(one), connecting());
  EXPECT_FALSE(two.next_missed());
  EXPECT_TRUE(two.next().link);
  EXPECT_EQ(asked, 2);
}

TEST_P(StreamPort, BothEndsOfOneKindAreToldSo) {
  End one, two;
  appear(one, fresh(), listening());
  appear(two, way_to(one), listening());
  const auto missed = two.next_missed();
  ASSERT_FALSE(missed);
  EXPECT_EQ(missed.error(), Code::incompatible);
  EXPECT_NE(missed.error().text().find(listening() == Side::offering ? "senders" : "receivers"), std::string::npos);
}

TEST_P(StreamPort, NoCallComesAfterAPresenceEnded) {
  End one;
  appear(one, fresh(), listening());
  for (int round = 0; round < 50; ++round) {
    auto two = std::make_unique<End>();
    appear(*two, way_to(one), connecting());
    if (round % 2 == 1) std::this_thread::sleep_for(std::chrono::microseconds(50 * round));
    two.reset();  // in whatever state the handshake is: a late call would be a use after free
  }
  for (int round = 0; round < 50; ++round) {
    auto listener = std::make_unique<End>();
    appear(*listener, fresh(), listening());
    End two;
    appear(two, way_to(*listener), connecting());
    if (round % 2 == 1) std::this_thread::sleep_for(std::chrono::microseconds(50 * round));
    listener.reset();
  }
}

TEST_P(StreamPort, WhatComesAndGoesLeavesNothingOpen) {
  const auto round = [&] {
    End one, two;
    appear(one, fresh(), listening());
    appear(two, way_to(one), connecting());
    EXPECT_TRUE(two.next().link);
  };
  round();
  std::size_t before = 0;
  EXPECT_TRUE(eventually([&] { return std::exchange(before, psyne_test::open_descriptors()) == before; }));
  for (int i = 0; i < 20; ++i) round();
  EXPECT_TRUE(eventually([&] { return psyne_test::open_descriptors() <= before; }));
}

TEST_P(StreamPort, ATokenLetsInWhoHasIt) {
  const std::string key = GetParam().tcp ? "token=" : "tcp.token=";
  const auto with = [&](const std::string& address, const std::string& token) {
    return address + (address.find('?') == std::string::npos ? "?" : "&") + key + token;
  };
  End one("one"), good("good"), bad("bad"), without("without");
  appear(one, with(fresh(), "secret"), listening());
  appear(bad, with(way_to(one), "guess"), connecting());
  appear(without, way_to(one), connecting());
  for (End* end : {&bad, &without}) {
    const auto missed = end->next_missed();
    ASSERT_FALSE(missed);
    EXPECT_EQ(missed.error(), Code::refused);
    EXPECT_NE(missed.error().text().find("PSYNE_TOKEN"), std::string::npos) << missed.error().text();
    EXPECT_EQ(missed.error().text().find("secret"), std::string::npos);
  }
  appear(good, with(way_to(one), "secret"), connecting());
  EXPECT_EQ(one.next().words, "good");
  EXPECT_EQ(one.presence().where().find("secret"), std::string::npos);
}

TEST(StreamPorts, OnePortServesManyNamesAndBothSides) {
  End ticks("ticks"), quotes("quotes"), sink("sink");
  appear(ticks, any_port_named("ticks"), Side::offering);
  appear(quotes, any_port_named("quotes"), Side::offering);
  appear(sink, any_port_named("ticks"), Side::answering);
  EXPECT_EQ(port_of(ticks), port_of(quotes)) << "one listening port of a process";
  EXPECT_EQ(port_of(ticks), port_of(sink));
  End a, b, c;
  appear(a, way_to(quotes), Side::answering);
  appear(b, way_to(ticks), Side::answering);
  appear(c, way_to(ticks), Side::offering);
  EXPECT_EQ(a.next().words, "quotes");
  EXPECT_EQ(b.next().words, "ticks");
  EXPECT_EQ(c.next().words, "sink");
}

TEST(StreamPorts, ANameThatIsTakenAtPortZeroGetsAPortOfItsOwn) {
  End one("one"), two("two");
  appear(one, any_port, Side::offering);
  appear(two, any_port, Side::offering);
  EXPECT_NE(port_of(one), port_of(two));
  End a, b;
  appear(a, way_to(one), Side::answering);
  appear(b, way_to(two), Side::answering);
  EXPECT_EQ(a.next().words, "one");
  EXPECT_EQ(b.next().words, "two");
}

TEST(StreamPorts, ANameThatComesLaterIsWaitedFor) {
  End ticks("ticks"), early("early");
  appear(ticks, any_port_named("ticks"), Side::offering);
  const std::string port = std::to_string(port_of(ticks));
  appear(early, "tcp://127.0.0.1:" + port + "/quotes", Side::answering);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(early.count_missed(), 0U);
  End quotes("quotes");
  appear(quotes, any_port_named("quotes"), Side::offering);
  ASSERT_EQ(std::to_string(port_of(quotes)), port);
  EXPECT_EQ(early.next().words, "quotes");
}

TEST(StreamPorts, APortOfAnotherProgramIsInUse) {
  const psyne::Descriptor taken(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  ASSERT_EQ(bind(taken.get(), reinterpret_cast<const sockaddr*>(&address), length), 0);
  ASSERT_EQ(listen(taken.get(), 1), 0);
  ASSERT_EQ(getsockname(taken.get(), reinterpret_cast<sockaddr*>(&address), &length), 0);
  End one;
  const auto refused =
      try_appear(one, "tcp://*:" + std::to_string(ntohs(address.sin_port)) + "?iface=127.0.0.1", Side::offering);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), Code::in_use);
  EXPECT_FALSE(refused.error().advice().empty());
}

TEST(StreamPorts, EveryInterfaceIsLoopbackAsWell) {
  End one("one");
  appear(one, "tcp://*:0", Side::offering);
  const std::string port = std::to_string(port_of(one));
  End four;
  appear(four, "tcp://127.0.0.1:" + port, Side::answering);
  EXPECT_EQ(four.next().words, "one");
  End by_name;
  appear(by_name, "tcp://localhost:" + port, Side::answering);
  EXPECT_EQ(by_name.next().words, "one");
}

TEST(StreamPorts, WhatIsAdvertisedIsTold) {
  End one, two;
  appear(one, any_port + "&advertise=node7", Side::offering);
  EXPECT_EQ(one.presence().where().rfind("tcp://node7:" + std::to_string(port_of(one)) + " ", 0), 0U);
  appear(two, any_port_named("x") + "&advertise=node7:80", Side::offering);
  EXPECT_EQ(two.presence().where().rfind("tcp://node7:80/x ", 0), 0U) << two.presence().where();
}

TEST(StreamPorts, AnInterfaceThatIsNotThereIsAnError) {
  End one;
  EXPECT_EQ(try_appear(one, "tcp://*:0?iface=eth99", Side::offering).error(), Code::not_found);
  EXPECT_EQ(try_appear(one, "tcp://127.0.0.1:9?iface=eth99", Side::offering).error(), Code::not_found);
}

TEST(StreamPorts, AHostThatNobodyKnowsIsToldOfOnce) {
  End one;
  appear(one, "tcp://no-such-host.invalid:9", Side::offering);
  const auto missed = one.next_missed();
  ASSERT_FALSE(missed);
  EXPECT_EQ(missed.error(), Code::not_found);
  EXPECT_NE(missed.error().text().find("no-such-host.invalid"), std::string::npos);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(one.count_missed(), 0U);
}

TEST(StreamPorts, OffThisHostItTakesATokenOrBothSidesWord) {
  const auto all = psyne::stream::interface_addresses().value();
  const auto* best = psyne::stream::best_known_by(all);
  if (best == nullptr || best->address.is_local()) GTEST_SKIP() << "this machine has loopback only";
  End plain, insecure("insecure"), token("token");
  appear(plain, "tcp://*:0/plain", Side::offering);
  appear(insecure, "tcp://*:0/insecure?insecure=1", Side::offering);
  appear(token, "tcp://*:0/token?token=secret", Side::offering);
  End a, b, c, d;
  appear(a, way_to(plain) + "?insecure=1", Side::answering);
  appear(b, way_to(insecure), Side::answering);
  for (End* refused : {&a, &b}) {
    const auto missed = refused->next_missed();
    ASSERT_FALSE(missed);
    EXPECT_EQ(missed.error(), Code::refused);
    EXPECT_NE(missed.error().text().find("insecure"), std::string::npos) << missed.error().text();
  }
  appear(c, way_to(insecure) + "?insecure=1", Side::answering);
  appear(d, way_to(token) + "?token=secret", Side::answering);
  const auto met = c.next();
  EXPECT_EQ(met.words, "insecure");
  ASSERT_TRUE(met.link);
  EXPECT_NE(met.link->peer().name.find(best->address.host()), std::string::npos) << met.link->peer().name;
  EXPECT_EQ(d.next().words, "token");
}

TEST(StreamFlood, GarbageAndHalfHellosCostTheirSeatsOnly) {
  End one("one");
  appear(one, any_port, Side::offering);
  std::minstd_rand random(1);
  for (int round = 0; round < 100; ++round) {
    const Stranger stranger(port_of(one));
    ASSERT_TRUE(stranger.connected());
    std::vector<std::byte> garbage(1 + random() % 400);
    for (auto& byte : garbage) byte = static_cast<std::byte>(random());
    if (round % 3 == 0) garbage = bytes_of("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    stranger.say(garbage);
    if (garbage.size() < psyne::stream::length_bytes) continue;
    EXPECT_TRUE(stranger.is_hung_up()) << round;
  }
  EXPECT_EQ(one.count_missed(), 0U) << "its host has nothing to do with it";
  End honest("honest");
  appear(honest, way_to(one), Side::answering);
  EXPECT_EQ(one.next().words, "honest");
}

/// A hello as one says it who wants the nameless sender, and has a token.
std::vector<std::byte> knock() {
  psyne::stream::Hello hello = psyne::stream::Hello::own().value();
  hello.side = Side::answering;
  hello.presence = 7;
  hello.authentication = psyne::stream::Authentication::token;
  auto bytes = psyne::stream::encode(hello);
  bytes.insert(bytes.begin(), {std::byte{psyne::stream::Hello::bytes}, std::byte{0}, std::byte{0}, std::byte{0}});
  return bytes;
}

TEST(StreamFlood, ThoseWhoProveNothingCostABoundedNumberOfDescriptorsAndHoldNobodyUpForLong) {
  for (const bool silent : {false, true}) {
    End one("one");
    appear(one, any_port + "&token=secret", Side::offering);
    std::vector<std::unique_ptr<Stranger>> flood;
    const std::size_t before = psyne_test::open_descriptors();
    for (int i = 0; i < 300; ++i) {
      flood.push_back(std::make_unique<Stranger>(port_of(one)));
      if (!silent) flood.back()->say(knock());
    }
    End honest("honest");
    appear(honest, way_to(one) + "?token=secret", Side::answering);
    EXPECT_EQ(one.next().words, "honest") << "though all the others stay";
    EXPECT_LT(psyne_test::open_descriptors(), before + flood.size() + psyne::stream::Port::most_meetings + 20);
  }
}

// The handshake as a whole has its time: one byte a moment does not stretch it.
TEST(StreamFlood, WhoSpeaksByteByByteIsHungUpOn) {
  End one("one");
  appear(one, any_port, Side::offering);
  const Stranger slow(port_of(one));
  const auto bytes = knock();
  const auto begun = std::chrono::steady_clock::now();
  std::atomic<bool> over{false};
  std::thread speaker([&] {
    for (const std::byte byte : bytes) {
      if (over) return;
      slow.say({&byte, 1});
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  });
  EXPECT_TRUE(slow.is_hung_up());
  over = true;
  speaker.join();
  EXPECT_GT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(4));
}

TEST(StreamFlood, AStalledListenerIsGivenUpAndTriedAgain) {
  const psyne::Descriptor listener(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  ASSERT_EQ(bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), length), 0);
  ASSERT_EQ(listen(listener.get(), 8), 0);
  ASSERT_EQ(getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &length), 0);
  End one;
  appear(one, "tcp://127.0.0.1:" + std::to_string(ntohs(address.sin_port)), Side::offering);
  const psyne::Descriptor first(accept(listener.get(), nullptr, nullptr));
  const auto missed = one.next_missed();
  ASSERT_FALSE(missed);
  EXPECT_EQ(missed.error(), Code::timed_out);
  pollfd again{.fd = listener.get(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(poll(&again, 1, 20'000), 1);
}

}  // namespace
