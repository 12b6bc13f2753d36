#include <psyne/core/service/service.hpp>
#include <psyne/transports/stream/connection_settings.hpp>
#include <psyne/transports/stream/connector/pause.hpp>
#include <psyne/transports/stream/place/interfaces.hpp>
#include <psyne/transports/stream/place/place.hpp>
#include <psyne/transports/stream/place/resolution.hpp>
#include <psyne/transports/stream/place/socket_address.hpp>

#include "eventually.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <algorithm>
#include <atomic>

namespace {

using psyne::Code;
using psyne::Endpoint;
using psyne::Uri;
using psyne::stream::ConnectionSettings;
using psyne::stream::Pause;
using psyne::stream::Place;
using psyne::stream::Resolution;
using psyne::stream::SocketAddress;

psyne::Result<Place> place(const char* uri) { return Place::of(Uri::parse(uri).value()); }

TEST(StreamPlace, ATcpAddressIsAHostAPortAndAName) {
  const Place named = place("tcp://node7:5555/ticks?token=a").value();
  EXPECT_TRUE(named.tcp);
  EXPECT_FALSE(named.listens);
  EXPECT_EQ(named.endpoint, (Endpoint{.host = "node7", .port = 5555}));
  EXPECT_EQ(named.name, "ticks");
  EXPECT_EQ(named.uri, "tcp://node7:5555/ticks");
  EXPECT_EQ(place("tcp://[::1]:1")->endpoint.host, "::1");
  EXPECT_EQ(place("tcp://10.0.0.3:1")->name, "");
  EXPECT_EQ(place("tcp://10.0.0.3:1/")->name, "");
  const Place listening = place("tcp://*:0/ticks").value();
  EXPECT_TRUE(listening.listens);
  EXPECT_EQ(listening.endpoint.port, 0);
  EXPECT_EQ(listening.uri_of({.host = "::1", .port = 7}), "tcp://[::1]:7/ticks");
}

TEST(StreamPlace, AUnixAddressIsAPathAndAName) {
  const Place plain = place("unix:///run/feed.sock").value();
  EXPECT_FALSE(plain.tcp || plain.listens);
  EXPECT_EQ(plain.path, "/run/feed.sock");
  EXPECT_EQ(plain.name, "");
  const Place named = place("unix://*/run/feed.sock//ticks").value();
  EXPECT_TRUE(named.listens);
  EXPECT_EQ(named.path, "/run/feed.sock");
  EXPECT_EQ(named.name, "ticks");
  EXPECT_EQ(named.uri_of_path(), "unix:///run/feed.sock//ticks");
  EXPECT_EQ(place(named.uri_of_path().c_str())->path, named.path) << "what is told can be opened";
}

TEST(StreamPlace, WhatIsNoAddressIsRefusedWithItsReason) {
  for (const char* uri : {"tcp://node7", "tcp://a/b", "tcp://node7:0", "tcp://:5", "tcp://node7:99999", "tcp://::1:5",
                          "tcp://a:1/b/c", "tcp://a:1/..", "unix://run/x", "unix://a/b", "unix://*", "unix:///",
                          "unix:///run/", "unix:///run//a/b", "unix:///run/x//.."}) {
    const auto wrong = place(uri);
    ASSERT_FALSE(wrong) << uri;
    EXPECT_EQ(wrong.error(), Code::invalid_argument) << uri;
    EXPECT_FALSE(wrong.error().reason().empty()) << uri;
    EXPECT_NE(wrong.error().text().find(uri), std::string::npos) << wrong.error().text();
  }
}

SocketAddress numeric(const char* host, std::uint16_t port) {
  return Resolution::of_numbers({.host = host, .port = port}).value().front();
}

TEST(StreamSocketAddress, SaysWhatItIs) {
  EXPECT_EQ(numeric("10.0.0.3", 5).text(), "10.0.0.3:5");
  EXPECT_EQ(numeric("::1", 5).text(), "[::1]:5");
  EXPECT_EQ(numeric("::1", 5).host(), "::1");
  EXPECT_EQ(numeric("10.0.0.3", 5).with_port(6).port(), 6);
  EXPECT_EQ(numeric("10.0.0.3", 5), numeric("10.0.0.3", 5));
  EXPECT_FALSE(numeric("10.0.0.3", 5) == numeric("10.0.0.3", 6));
  EXPECT_EQ(SocketAddress::of_path("/run/x")->text(), "");
  EXPECT_EQ(SocketAddress::of_path(std::string(108, 'x')).error(), Code::too_large);
}

TEST(StreamSocketAddress, OnlyLoopbackAndPathsAreLocal) {
  for (const char* host : {"127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(numeric(host, 1).is_local()) << host;
  }
  for (const char* host : {"10.0.0.1", "128.0.0.1", "0.0.0.0", "::", "fe80::1", "::ffff:10.0.0.1"}) {
    EXPECT_FALSE(numeric(host, 1).is_local()) << host;
  }
  EXPECT_TRUE(SocketAddress::of_path("/run/x")->is_local());
  EXPECT_FALSE(SocketAddress().is_local());
  EXPECT_EQ(numeric("::ffff:10.0.0.1", 1).text(), "10.0.0.1:1") << "the same host, the same address";
}

TEST(StreamInterfaces, LoopbackIsOneOfThemByNameAndByAddress) {
  const auto all = psyne::stream::interface_addresses().value();
  const auto loopback = std::ranges::find_if(all, [](const auto& each) { return each.address.host() == "127.0.0.1"; });
  if (loopback == all.end()) GTEST_SKIP() << "loopback is not up";
  const auto by_name = psyne::stream::addresses_of(loopback->interface_name).value();
  EXPECT_NE(std::ranges::find(by_name, loopback->address), by_name.end());
  EXPECT_EQ(psyne::stream::addresses_of("127.0.0.1").value(), std::vector{loopback->address});
  EXPECT_NE(psyne::stream::best_known_by(all), nullptr);
}

TEST(StreamInterfaces, OneThatIsNotThereIsAnErrorThatListsThoseThatAre) {
  const auto none = psyne::stream::addresses_of("eth99");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error(), Code::not_found);
  const auto all = psyne::stream::interface_addresses().value();
  for (const auto& each : all) {
    EXPECT_NE(none.error().advice().find(each.interface_name), std::string::npos);
  }
}

TEST(StreamInterfaces, OthersKnowAHostByWhatIsNotLoopback) {
  const std::vector<psyne::stream::InterfaceAddress> all{{"lo", numeric("127.0.0.1", 0)},
                                                         {"eth0", numeric("fe80::1", 0)},
                                                         {"eth0", numeric("2001:db8::1", 0)},
                                                         {"eth1", numeric("10.0.0.3", 0)}};
  const auto best = [](const auto& some) { return psyne::stream::best_known_by(some)->address.host(); };
  EXPECT_EQ(best(all), "10.0.0.3");
  EXPECT_EQ(best(std::vector(all.begin(), all.begin() + 3)), "2001:db8::1");
  EXPECT_EQ(best(std::vector(all.begin(), all.begin() + 2)), "127.0.0.1");
  EXPECT_EQ(psyne::stream::best_known_by({}), nullptr);
}

TEST(StreamResolution, NumbersNeedNoLookUp) {
  EXPECT_FALSE(Resolution::of_numbers({.host = "localhost", .port = 1}));
  EXPECT_EQ(Resolution::of_numbers({.host = "1.2.3.4", .port = 1})->size(), 1U);
}

TEST(StreamResolution, ANameComesOnTheServiceThread) {
  auto* service = psyne::Service::process().value();
  std::atomic<int> came{0};
  std::unique_ptr<Resolution> resolution;
  service->run([&] {
    resolution = Resolution::start({.host = "localhost", .port = 7}, [&](Resolution::Addresses found) {
                   EXPECT_TRUE(service->here());
                   EXPECT_TRUE(found && found->front().is_local() && found->front().port() == 7);
                   ++came;
                 }).value();
  });
  EXPECT_TRUE(psyne_test::eventually([&] { return came == 1; }));
  service->run([&] { resolution.reset(); });
}

TEST(StreamResolution, NothingComesAfterItWasDropped) {
  auto* service = psyne::Service::process().value();
  for (int round = 0; round < 20; ++round) {
    auto came = std::make_unique<std::atomic<int>>(0);
    service->run([&] {
      auto resolution =
          Resolution::start({.host = "localhost", .port = 7}, [raw = came.get()](const auto&) { ++*raw; });
      EXPECT_TRUE(resolution);
    });
    came.reset();  // a late call would be a use after free
  }
}

TEST(StreamPause, GrowsToItsLimitAndIsNeverTheSameForAll) {
  Pause pause(1), another(2);
  std::chrono::nanoseconds limit = std::chrono::seconds(1), length = Pause::shortest;
  bool differ = false;
  for (int i = 0; i < 20; ++i) {
    const auto next = pause.next(limit);
    EXPECT_GE(next, length / 2);
    EXPECT_LE(next, length);
    differ = differ || next != another.next(limit);
    length = std::min(2 * length, limit);
  }
  EXPECT_TRUE(differ);
  EXPECT_LE(pause.next(std::chrono::milliseconds(100)), std::chrono::milliseconds(100))
      << "a lower limit holds at once";
  pause.reset();
  EXPECT_LE(pause.next(limit), Pause::shortest);
}

TEST(StreamSettings, AreReadFromTheQuery) {
  const auto read = [](const char* uri) {
    return ConnectionSettings::read(psyne::Config::process().with(Uri::parse(uri).value()).value());
  };
  const auto all = read(
                       "tcp://a:1?token=abc&insecure=yes&iface=lo&advertise=node7&unreachable_after=3s&send_buffer=64K"
                       "&receive_buffer=1M")
                       .value();
  EXPECT_EQ(all.token, "abc");
  EXPECT_TRUE(all.insecure);
  EXPECT_EQ(all.interface_name, "lo");
  EXPECT_EQ(all.advertise->host, "node7");
  EXPECT_EQ(all.unreachable_after, std::chrono::seconds(3));
  EXPECT_EQ(all.send_buffer, 64U << 10U);
  EXPECT_EQ(all.receive_buffer, 1U << 20U);
  EXPECT_EQ(read("unix:///a?tcp.token=abc")->token, "abc");
  for (const char* wrong : {"tcp://a:1?advertise=*:5", "tcp://a:1?advertise=a:b", "tcp://a:1?unreachable_after=1ms",
                            "tcp://a:1?unreachable_after=25h", "tcp://a:1?send_buffer=4G"}) {
    EXPECT_EQ(read(wrong).error(), Code::invalid_argument) << wrong;
  }
}

TEST(StreamSettings, ATokenIsNeverShown) {
  const auto config = psyne::Config::process().with(Uri::parse("tcp://a:1?token=abc").value()).value();
  bool seen = false;
  for (const auto& setting : config.settings()) {
    EXPECT_EQ(setting.shown().find("abc"), std::string::npos);
    if (setting.option.name != "tcp.token") continue;
    seen = true;
    EXPECT_EQ(setting.text, "abc");
    EXPECT_EQ(setting.shown(), "(secret)");
  }
  EXPECT_TRUE(seen);
}

}  // namespace
