// Links and channels over tls://: what TLS holds of its own is not forgotten, and ends are told as over tcp://.
#include <psyne.hpp>
#include <psyne/transports/stream/place/interfaces.hpp>
#include <psyne/transports/stream/stream_transport.hpp>

#include "conformance/child.hpp"
#include "transports/stream/ends.hpp"
#include "transports/stream/tls/tls_ends.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <thread>

namespace {

using conformance::Child;
using psyne::Access;
using psyne::Bell;
using psyne::Clock;
using psyne::PeerState;
using psyne::Put;
using psyne::Receiver;
using psyne::Region;
using psyne::Sender;
using psyne::Side;
using psyne::stream::Security;
using testing::HasSubstr;
using namespace std::chrono_literals;
using namespace tls_test;

conformance::Address fresh_address(const std::string& listening, const std::string& connecting) {
  const std::string port = std::to_string(conformance::free_port());
  return {psyne::Uri::parse("tls://*:" + port + "?iface=127.0.0.1&" + listening).value(),
          psyne::Uri::parse("tls://127.0.0.1:" + port + "?" + connecting).value(), Side::offering};
}
conformance::Address fresh_address() { return fresh_address("token=a", "token=a"); }

/// Where a receiver listens, and how others reach it.
struct Ways {
  std::string port = std::to_string(conformance::free_port());
  std::string listen(const std::string& terms) const { return "tls://*:" + port + "?iface=127.0.0.1&" + terms; }
  std::string connect(const std::string& terms) const { return "tls://127.0.0.1:" + port + "?" + terms; }
};

TEST(TlsCaller, IsNotExposedThoughItLeavesThisHost) {
  auto pair = open_pair();
  psyne::stream::Caller caller{.security = Security::plain, .address = "10.0.0.3:5555", .line = nullptr};
  EXPECT_TRUE(caller.exposed());
  caller.stream = pair.ends[0];
  EXPECT_FALSE(caller.exposed());
}

// An address of this host that is not loopback is as good as another host: what goes there is plain to the rule.
TEST(TlsLink, CertificatesAreEnoughOffLoopback) {
  const auto all = psyne::stream::interface_addresses().value();
  const auto* best = psyne::stream::best_known_by(all);
  if (best == nullptr || best->address.is_local()) GTEST_SKIP() << "this machine has loopback alone";
  const std::string host = best->address.host();
  const Files shown = authority().sign({.names = "IP:" + host});
  const std::string place = psyne::Endpoint{.host = host, .port = conformance::free_port()}.text();
  const std::string port = place.substr(place.rfind(':') + 1);
  auto receiver = Receiver<int>::open("tls://*:" + port + "?iface=" + host + "&" + shown.shown()).value();
  auto sender = Sender<int>::open("tls://" + place + "?" + authority().trusted()).value();
  sender.send(7, 10s).value();
  EXPECT_EQ(*receiver.receive(10s), 7);
}

// The sleeper is told by the socket, of which TLS has taken everything in: however much came at once, none may be left
// behind while he sleeps.
TEST(TlsLink, WhoSleepsOnItsBellMissesNothingThatTlsHolds) {
  const auto bell = Bell::make().value();
  conformance::Couple couple(psyne::tls_transport(), fresh_address());
  ASSERT_TRUE(couple.complete());
  couple.answering.link().attach_bell(bell.get()).value();
  const auto bytes = tls_test::bytes(4'000);
  std::uint64_t value = 0;
  const auto deadline = Clock::now() + 20s;
  for (const int posts : {1, 2, 3, 5, 8, 30, 31, 32, 33, 60, 63, 64, 65, 66, 67, 68, 69, 70, 100, 130, 200, 257}) {
    for (int i = 0; i < posts; ++i) {
      const Put put{.local = bytes, .remote = &couple.offering.target(), .offset = 0, .raw = true};
      const psyne::Signal signal{.counter = 0, .value = ++value, .wake = i + 1 == posts};
      ASSERT_TRUE(conformance::eventually(
          [&] {
            return couple.offering.link().post({&put, 1}, signal).has_value();
          },
          {&couple.answering.link()}));
    }
    while (couple.answering.link().counter(0) < value) {
      couple.answering.link().progress().value();
      if (couple.answering.link().counter(0) >= value) break;
      ASSERT_EQ(bell->sleep(deadline), psyne::Sleep::woken) << posts << " posts";
    }
  }
  couple.answering.link().attach_bell(nullptr).value();
}

// Nobody drives the answering link: the service thread reads what was taken in by a thread that has gone off.
TEST(TlsLink, WhatAThreadLeftBehindIsReadWithoutIt) {
  conformance::Couple couple(psyne::tls_transport(), fresh_address());
  ASSERT_TRUE(couple.complete());
  const auto bytes = tls_test::bytes(4'000);
  std::uint64_t value = 0;
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 100; ++i) {
      const Put put{.local = bytes, .remote = &couple.offering.target(), .offset = 0, .raw = true};
      const psyne::Signal signal{.counter = 0, .value = ++value, .wake = false};
      ASSERT_TRUE(conformance::eventually([&] { return couple.offering.link().post({&put, 1}, signal).has_value(); }));
      if (i == 50) couple.answering.link().progress().value();
    }
    ASSERT_TRUE(conformance::eventually([&] { return couple.answering.link().counter(0) == value; })) << round;
  }
}

TEST(TlsLink, WhatWasPostedArrivesThoughTheLinkIsGone) {
  const Region large = Region::allocate(8 << 20, "large", {}).value();
  conformance::Couple couple(psyne::tls_transport(),
                             fresh_address("token=a&send_buffer=16K", "token=a&receive_buffer=16K"), 8 << 20);
  ASSERT_TRUE(couple.complete());
  const auto sent = tls_test::bytes(8 << 20);
  std::ranges::copy(sent, large.bytes().begin());
  const Put put{.local = large.bytes(), .remote = &couple.offering.target(), .offset = 0};
  couple.offering.link().post({&put, 1}, {.counter = 0, .value = 1}).value();
  couple.offering.met.link.reset();
  EXPECT_TRUE(
      conformance::eventually([&] { return couple.answering.link().counter(0) == 1; }, {&couple.answering.link()}));
  EXPECT_TRUE(std::ranges::equal(couple.answering.window.bytes(), sent));
  EXPECT_TRUE(conformance::eventually([&] { return couple.answering.link().peer_state() == PeerState::closed; },
                                      {&couple.answering.link()}));
}

TEST(TlsChannel, CarriesMessagesOfEverySize) {
  const Ways ways;
  auto receiver = Receiver<psyne::Vector<std::uint8_t>>::open(ways.listen(files().shown())).value();
  auto sender = Sender<psyne::Vector<std::uint8_t>>::open(ways.connect(authority().trusted())).value();
  for (const std::size_t size : {0, 1, 7, 100, 16'383, 16'384, 16'385, 100'000, 1'000'000}) {
    std::vector<std::uint8_t> message(size);
    std::iota(message.begin(), message.end(), static_cast<std::uint8_t>(size));
    std::thread sending([&] { sender.send(message, 10s).value(); });
    const auto received = receiver.receive(10s);
    sending.join();
    ASSERT_TRUE(received) << received.error().text();
    EXPECT_TRUE(std::ranges::equal(*received, message)) << size;
  }
}

TEST(TlsChannel, ManySendersHaveOneReceiver) {
  const Ways ways;
  auto receiver = Receiver<int>::open(ways.listen("token=a"), {.wait_for_senders = true}).value();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      auto sender = Sender<int>::open(ways.connect("token=a")).value();
      for (int k = 0; k < 500; ++k) sender.send(1000 * i + k, 10s).value();
    });
  }
  std::array<int, 4> next{};
  for (int k = 0; k < 2000; ++k) {
    const auto message = receiver.receive(10s);
    ASSERT_TRUE(message) << message.error().text();
    EXPECT_EQ(*message % 1000, next[static_cast<std::size_t>(*message / 1000)]++);
  }
  for (auto& thread : threads) thread.join();
}

TEST(TlsChannel, ASenderThatIsKilledIsLostBehindWhatItSent) {
  const Ways ways;
  auto receiver = Receiver<int>::open(ways.listen("token=a"), {.wait_for_senders = true}).value();
  Child child([&](Child::Word& word) {
    auto sender = Sender<int>::open(ways.connect("token=a"));
    for (int i = 0; sender && i < 10; ++i) static_cast<void>(sender->send(i, 10s).has_value());
    word.say();
    Child::Word::stay();
  });
  for (int i = 0; i < 10; ++i) {
    const auto message = receiver.receive(10s);
    ASSERT_TRUE(message) << message.error().text();
    EXPECT_EQ(*message, i);
  }
  ASSERT_EQ(child.hear(), '!');
  child.kill();
  const auto lost = receiver.receive(10s);
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error(), Code::peer_lost) << lost.error().text();
}

TEST(TlsChannel, ASenderThatClosesIsClosed) {
  const Ways ways;
  auto receiver = Receiver<int>::open(ways.listen("token=a")).value();
  auto sender = Sender<int>::open(ways.connect("token=a")).value();
  sender.send(1, 10s).value();
  EXPECT_EQ(*receiver.receive(10s), 1);
  std::thread closing([&] { sender.close(10s).value(); });
  const auto closed = receiver.receive(10s);
  closing.join();
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error(), Code::closed) << closed.error().text();
}

// A process that has shaken hands forks again and again, and each child can do so as well.
TEST(TlsChannel, AForkedChildOpensItsOwn) {
  for (int i = 0; i < 30; ++i) {
    const Ways ways;
    auto receiver = Receiver<int>::open(ways.listen("token=a")).value();
    Child child([&](Child::Word& word) {
      auto sender = Sender<int>::open(ways.connect("token=a"));
      if (sender && sender->send(i, 10s)) word.say();
    });
    {
      const auto message = receiver.receive(10s);
      ASSERT_TRUE(message) << message.error().text();
      EXPECT_EQ(*message, i);
    }
    EXPECT_EQ(child.hear(), '!');
    EXPECT_EQ(child.wait(), 0);
  }
}

TEST(TlsChannel, AParentsLinkIsNothingToItsChild) {
  const Ways ways;
  auto receiver = Receiver<int>::open(ways.listen("token=a")).value();
  auto sender = Sender<int>::open(ways.connect("token=a")).value();
  sender.send(1, 10s).value();
  Child child([&](Child::Word& word) {
    const auto sent = sender.send(2, 10s);
    word.say(!sent && sent.error() == Code::forked ? 'f' : 'x');
  });
  EXPECT_EQ(child.hear(), 'f');
  EXPECT_EQ(child.wait(), 0);
  sender.send(3, 10s).value();
  EXPECT_EQ(*receiver.receive(10s), 1);
  EXPECT_EQ(*receiver.receive(10s), 3);
}

}  // namespace
