// Links whose connection breaks, without a handshake: what they promise, and what they do not believe.
#include <psyne/transports/stream/resume/sessions.hpp>

#include "transports/stream/link/linked_pair.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::Access;
using psyne::Bell;
using psyne::Code;
using psyne::PeerState;
using psyne::Put;
using psyne::Region;
using psyne::Sleep;
using psyne::StreamLink;
using psyne::stream::Proof;
using psyne::stream::Session;
using psyne::stream::Sessions;
using psyne::stream::Standing;
using psyne_test::connected_sockets;
using psyne_test::on_service;
using psyne_test::soon;

/// Two links that outlive their connections, of which the first puts into a region of the second.
class BrokenLink : public testing::TestWithParam<int> {
 protected:
  void meet(std::chrono::nanoseconds patience = 1h) {
    join(connected_sockets(GetParam()));
    for (std::size_t side : {0U, 1U}) {
      links[side] = psyne_test::link_over(std::move(sockets_[side]), "other", {}, false);
      ends_[side] = links[side].get();
      on_service([&] {
        sessions[side].begin(std::make_shared<Session>(Session::Id{}, Proof{}, 1, *links[side]), patience);
        links[side]->start({}).value();
      });
    }
    region = Region::allocate(1 << 20, "window", {}).value();
    span = links[1]->expose(region, Access::write).value();
    psyne::RemoteSpan named;
    named.length = span.length;
    named.generation = span.generation;
    named.access = span.access;
    remote = links[0]->attach(std::move(named)).value();
  }
  void join(std::array<psyne::Descriptor, 2> sockets) {
    for (std::size_t side : {0U, 1U}) {
      numbers_[side] = sockets[side].get();
      sockets_[side] = std::move(sockets[side]);
    }
  }
  void cut() const {
    for (const int number : numbers_) shutdown(number, SHUT_RDWR);
    EXPECT_TRUE(soon([&] { return links[0]->broken_since() && links[1]->broken_since(); }));
  }
  std::optional<Standing> stand(std::size_t side) {
    std::optional<Standing> standing;
    on_service([&] { standing = links[side]->stand(); });
    return standing;
  }
  /// Each goes on by a new connection with what it is told of the other.
  std::array<psyne::Result<void>, 2> go_on(const std::array<Standing, 2>& standings) {
    join(connected_sockets(GetParam()));
    std::array<psyne::Result<void>, 2> outcomes;
    on_service([&] {
      for (std::size_t side : {0U, 1U}) {
        auto line = std::make_shared<psyne::LifeLine>(std::move(sockets_[side]));
        auto stream = std::make_shared<psyne::SocketStream>(line, GetParam() == AF_INET);
        outcomes[side] = links[side]->resume(line, stream, standings[1 - side], {});
      }
    });
    return outcomes;
  }
  void go_on() {
    const std::array standings{stand(0).value(), stand(1).value()};
    for (const auto& outcome : go_on(standings)) EXPECT_TRUE(outcome) << outcome.error().text();
  }
  psyne::Result<psyne::Token> put(std::span<const std::byte> bytes, std::uint64_t value, std::uint64_t offset = 0) {
    const Put one{.local = bytes, .remote = &remote, .offset = offset};
    return links[0]->post(std::span(&one, 1), {.counter = 0, .value = value});
  }
  bool arrives(std::uint32_t counter, std::uint64_t value) const {
    return soon([&] { return links[1]->progress() && links[1]->counter(counter) == value; });
  }

  const std::unique_ptr<Bell> bell = Bell::make().value(), service_bell = Bell::make().value();
  std::array<Sessions, 2> sessions;
  std::array<std::unique_ptr<StreamLink>, 2> links;
  Region region;
  psyne::RemoteSpan span;
  psyne::RemoteRegion remote;

 private:
  std::array<psyne::Descriptor, 2> sockets_;
  std::array<int, 2> numbers_{};
  std::array<StreamLink*, 2> ends_{};
};
INSTANTIATE_TEST_SUITE_P(Sockets, BrokenLink, testing::Values(AF_INET, AF_UNIX),
                         [](const auto& domain) { return domain.param == AF_INET ? "Tcp" : "Unix"; });

TEST_P(BrokenLink, GoesOnAndSaysHowFarThePeerIs) {
  meet();
  ASSERT_TRUE(links[0]->attach_bell(bell.get()) && links[0]->attach_service_bell(service_bell.get()));
  const std::vector<std::byte> bytes(100, std::byte{1});
  ASSERT_TRUE(put(bytes, 1) && arrives(0, 1));
  EXPECT_FALSE(links[0]->resumed(0));
  cut();
  EXPECT_EQ(links[0]->peer_state(), PeerState::alive);
  EXPECT_EQ(put(bytes, 2).error(), Code::would_block);
  EXPECT_EQ(links[0]->post({}, {.counter = 3, .value = 1}).error(), Code::would_block);
  EXPECT_FALSE(links[0]->resumed(0)) << "not yet";
  EXPECT_TRUE(links[0]->progress() && links[1]->progress());
  links[0]->wake();
  while (bell->sleep(psyne::Clock::now()) == Sleep::woken) {
  }
  go_on();
  EXPECT_FALSE(links[0]->broken_since() || links[1]->broken_since());
  EXPECT_EQ(bell->sleep(psyne::Clock::now() + 10s), Sleep::woken);
  EXPECT_EQ(service_bell->sleep(psyne::Clock::now() + 10s), Sleep::woken);
  EXPECT_EQ(put(bytes, 2).error(), Code::would_block) << "who puts is to ask first";
  EXPECT_TRUE(links[0]->post({}, {.counter = 3, .value = 2})) << "who does not, need not";
  EXPECT_EQ(links[0]->resumed(0), 1U);
  EXPECT_FALSE(links[0]->resumed(0)) << "once";
  EXPECT_TRUE(put(bytes, 2) && arrives(0, 2) && arrives(3, 2));
}

// What the socket had no room for, and what it had, is gone; nothing of it is read any more.
TEST_P(BrokenLink, DropsWhatWasUnderWayAndKeepsWhatNeedsNoPut) {
  meet();
  auto bytes = std::make_unique<std::vector<std::byte>>(1 << 20, std::byte{7});
  psyne::Token last = 0;
  std::uint64_t value = 0;
  for (;;) {
    const auto posted = put(*bytes, value + 1);
    if (!posted) break;
    last = *posted;
    ++value;
  }
  EXPECT_FALSE(links[0]->completed(last));
  on_service([&] { static_cast<void>(links[1]->post({}, {.counter = 5, .value = 9})); });
  cut();
  EXPECT_TRUE(soon([&] { return links[0]->completed(last); }));
  bytes.reset();
  EXPECT_FALSE(links[0]->post({}, {.counter = 4, .value = 1}));
  go_on();
  const auto has = links[0]->resumed(0);
  ASSERT_TRUE(has);
  EXPECT_EQ(*has, links[1]->counter(0));
  EXPECT_LT(*has, value);
  EXPECT_EQ(links[0]->counter(5), 9U) << "told again, or before";
  const std::vector<std::byte> again(100, std::byte{8});
  EXPECT_TRUE(put(again, value + 1) && arrives(0, value + 1));
  EXPECT_EQ(std::memcmp(region.bytes().data(), again.data(), again.size()), 0);
}

TEST_P(BrokenLink, EndsWhenItHasBeenSoForTooLong) {
  meet(50ms);
  ASSERT_TRUE(links[0]->attach_bell(bell.get()));
  links[1].reset();  // its goodbye is one
  EXPECT_TRUE(soon([&] { return links[0]->progress() && links[0]->peer_state() == PeerState::closed; }));
  meet(50ms);
  cut();
  EXPECT_TRUE(soon([&] { return links[0]->peer_state() == PeerState::lost; }));
  EXPECT_TRUE(soon([&] { return links[1]->peer_state() == PeerState::lost; }));
  EXPECT_FALSE(links[0]->broken_since());
  EXPECT_FALSE(stand(0)) << "and does not come back";
  EXPECT_EQ(links[0]->post({}, {}).error(), Code::peer_lost);
}

TEST_P(BrokenLink, EndsWithThoseWhoAreGivenUp) {
  meet();
  cut();
  on_service([&] { sessions[0].end_with(2); });
  EXPECT_EQ(links[0]->peer_state(), PeerState::alive) << "that was another";
  on_service([&] { sessions[0].end_with(1); });
  EXPECT_EQ(links[0]->peer_state(), PeerState::lost);
  on_service([&] { sessions[1].close(); });
  EXPECT_EQ(links[1]->peer_state(), PeerState::lost);
  EXPECT_EQ(sessions[0].any(), nullptr);
}

TEST_P(BrokenLink, EndsAtOnceWhereItIsRefusedAndBothKnowWhy) {
  meet();
  ASSERT_TRUE(put(std::vector<std::byte>(8), 1) && arrives(0, 1));
  bool refused = true;
  on_service([&] { refused = links[1]->refuse("another is here"); });
  EXPECT_FALSE(refused) << "it has its connection";
  EXPECT_TRUE(put(std::vector<std::byte>(8), 2) && arrives(0, 2));
  cut();
  ASSERT_TRUE(links[1]->attach_bell(bell.get()));
  on_service([&] { refused = links[1]->refuse("another is here"); });
  EXPECT_TRUE(refused);
  EXPECT_EQ(links[1]->peer_state(), PeerState::lost);
  EXPECT_EQ(links[1]->counter(0), 2U) << "what came stays";
  EXPECT_FALSE(links[1]->refusal()) << "nobody refused it";
  EXPECT_FALSE(links[1]->broken_since() || stand(1));
  EXPECT_EQ(bell->sleep(psyne::Clock::now() + 10s), Sleep::woken);
  on_service([&] {
    EXPECT_EQ(sessions[1].find({})->refusal(), "another is here");
    EXPECT_FALSE(links[1]->refuse("once more"));
    EXPECT_EQ(sessions[1].find({})->refusal(), "another is here");
  });
  EXPECT_FALSE(links[0]->refusal());
  on_service([&] { links[0]->refused("it said no"); });
  EXPECT_EQ(links[0]->peer_state(), PeerState::lost);
  EXPECT_EQ(links[0]->refusal(), "it said no");
  meet();
  on_service([&] { links[0]->refused("that was about another connection"); });
  EXPECT_EQ(links[0]->peer_state(), PeerState::alive);
  EXPECT_FALSE(links[0]->refusal());
}

TEST_P(BrokenLink, EndsWithItsConnectionWhereNobodyCanComeBackToIt) {
  meet();
  on_service([&] { sessions[0].close(); });
  EXPECT_EQ(links[0]->peer_state(), PeerState::alive);
  on_service([&] { static_cast<void>(links[1]->stand()); });
  EXPECT_TRUE(soon([&] { return links[0]->progress() && links[0]->peer_state() == PeerState::lost; }));
}

TEST_P(BrokenLink, GoesWhileItIsBroken) {
  meet();
  const auto session = sessions[0].any();
  cut();
  links[0].reset();
  EXPECT_FALSE(session->with_link([](auto&) {}));
  EXPECT_EQ(sessions[0].any(), nullptr);
  links[1]->close();
  EXPECT_EQ(links[1]->peer_state(), PeerState::closed);
  EXPECT_FALSE(stand(1));
}

TEST_P(BrokenLink, OneThatIsNotBrokenYetGivesItsConnectionUpForAnother) {
  meet();
  const std::vector<std::byte> bytes(100, std::byte{1});
  ASSERT_TRUE(put(bytes, 1));
  const auto here = stand(0), there = stand(1);
  ASSERT_TRUE(here && there);
  for (const auto& outcome : go_on({*here, *there})) EXPECT_TRUE(outcome);
  EXPECT_EQ(links[0]->resumed(0), there->has[0]);
  EXPECT_TRUE(put(bytes, 2) && arrives(0, 2));
}

TEST_P(BrokenLink, AskedForARegionItAsksAgainAndTellsOfOne) {
  meet();
  EXPECT_EQ(links[1]->revoke(span).error(), Code::would_block);
  cut();
  go_on();
  EXPECT_TRUE(soon([&] { return links[0]->progress() && links[1]->progress() && links[1]->revoke(span); }));
  EXPECT_TRUE(links[0]->resumed(0).has_value());
  EXPECT_EQ(put(std::vector<std::byte>(8), 1).error(), Code::invalid_argument);
}

// Not counted twice, and not counted where a part of it came: the rest comes anew, or in another way.
TEST_P(BrokenLink, WhatComesElsewhereIsWholeOrNotThere) {
  meet();
  std::vector<std::byte> elsewhere(1 << 19);
  links[1]->redirect(span, {.offsets = {8, 8}, .into = elsewhere});
  const std::vector<std::byte> bytes(1 << 19, std::byte{5});
  ASSERT_TRUE(put(bytes, 1, 8));
  static_cast<void>(links[1]->progress());
  cut();
  go_on();
  if (links[0]->resumed(0) == 0U) {
    EXPECT_FALSE(links[1]->redirected());
    ASSERT_TRUE(put(bytes, 1, 8));
  }
  ASSERT_TRUE(arrives(0, 1));
  const auto landed = links[1]->redirected();
  ASSERT_TRUE(landed);
  EXPECT_EQ(landed->bytes, bytes.size());
  EXPECT_EQ(elsewhere, bytes);
  links[1]->end_redirect(false);
  EXPECT_EQ(std::memcmp(region.bytes().data() + 8, bytes.data(), bytes.size()), 0);
}

TEST_P(BrokenLink, DoesNotBelieveAPeerThatHasWhatWasNeverSent) {
  for (const std::uint64_t lie : {std::uint64_t{3}, ~std::uint64_t{0}}) {
    meet();
    ASSERT_TRUE(links[0]->post({}, {.counter = 2, .value = 2}) && arrives(2, 2));
    cut();
    std::array standings{stand(0).value(), stand(1).value()};
    standings[1].has[2] = lie;
    const auto outcomes = go_on(standings);
    EXPECT_EQ(outcomes[0].error(), Code::corrupted);
    EXPECT_NE(outcomes[0].error().text().find("never sent"), std::string::npos);
    EXPECT_EQ(links[0]->peer_state(), PeerState::lost);
  }
}

TEST_P(BrokenLink, DoesNotBelieveAPeerThatHasLessThanBefore) {
  meet();
  ASSERT_TRUE(links[0]->post({}, {.counter = 2, .value = 2}) && arrives(2, 2));
  cut();
  go_on();
  cut();
  std::array standings{stand(0).value(), stand(1).value()};
  EXPECT_EQ(standings[1].has[2], 2U);
  standings[1].has[2] = 1;
  EXPECT_EQ(go_on(standings)[0].error(), Code::corrupted);
}

// Such a link could not say how far it is.
TEST_P(BrokenLink, IsLostToWhomItsPeerSignalsLessThanBefore) {
  meet();
  const std::vector<std::byte> bytes(100, std::byte{1});
  ASSERT_TRUE(put(bytes, 7) && put(bytes, 7) && arrives(0, 7));
  ASSERT_TRUE(put(bytes, 6));
  EXPECT_TRUE(soon([&] { return links[1]->peer_state() == PeerState::lost; }));
  EXPECT_EQ(links[1]->counter(0), 7U);
}

TEST_P(BrokenLink, WhatAPeerToldNeverGoesBack) {
  meet();
  ASSERT_TRUE(links[0]->post({}, {.counter = 2, .value = 7}) && arrives(2, 7));
  cut();
  std::array standings{stand(0).value(), stand(1).value()};
  standings[0].told[2] = 3;
  EXPECT_TRUE(go_on(standings)[1]);
  EXPECT_EQ(links[1]->counter(2), 7U);
}

}  // namespace
