#include "conformance/end.hpp"
#include "conformance/subject.hpp"

#include <algorithm>

namespace {

using conformance::Couple;
using conformance::End;
using conformance::eventually;
using conformance::patience;
using psyne::Access;
using psyne::Bell;
using psyne::Clock;
using psyne::Code;
using psyne::PeerState;
using psyne::Put;

class EndingConformance : public conformance::Conformance {};
PSYNE_CONFORMANCE(EndingConformance);

/// Sleeps on `bell` until `condition`; false where it never came true within the suite's patience.
template <class Condition>
bool sleeps_until(Bell& bell, psyne::Link& link, Condition condition) {
  const auto deadline = Clock::now() + patience;
  while (!condition()) {
    if (bell.sleep(deadline) == psyne::Sleep::timed_out) return condition();
    static_cast<void>(link.progress().has_value());
  }
  return true;
}

TEST_P(EndingConformance, ASignalWithWakeEndsASleep) {
  const auto bell = Bell::make().value();
  Couple couple(transport(), fresh_uri());
  ASSERT_TRUE(couple.complete());
  auto& sleeper = couple.answering.link();
  sleeper.attach_bell(bell.get()).value();
  for (std::uint64_t value = 1; value <= 200; ++value) {
    std::thread waker([&] { couple.offering.link().post({}, {.counter = 0, .value = value, .wake = true}).value(); });
    EXPECT_TRUE(sleeps_until(*bell, sleeper, [&] { return sleeper.counter(0) == value; }));
    waker.join();
  }
  sleeper.attach_bell(nullptr).value();
}

TEST_P(EndingConformance, AWakeBeforeTheSleepIsNotLost) {
  const auto bell = Bell::make().value();
  Couple couple(transport(), fresh_uri());
  ASSERT_TRUE(couple.complete());
  couple.answering.link().attach_bell(bell.get()).value();
  couple.offering.link().wake();
  EXPECT_TRUE(eventually([&] { return bell->sleep(Clock::now() + std::chrono::seconds(1)) == psyne::Sleep::woken; },
                         {&couple.offering.link()}));
  couple.answering.link().attach_bell(nullptr).value();
}

TEST_P(EndingConformance, ProgressTakesTheWakeIn) {
  const auto bell = Bell::make().value();
  Couple couple(transport(), fresh_uri());
  ASSERT_TRUE(couple.complete());
  auto& sleeper = couple.answering.link();
  sleeper.attach_bell(bell.get()).value();
  for (int i = 0; i < 20; ++i) couple.offering.link().wake();
  ASSERT_EQ(bell->sleep(Clock::now() + patience), psyne::Sleep::woken);
  // A few may still be on their way; soon none is, and the bell is silent.
  const auto is_silent = [&] {
    sleeper.settle();
    return bell->sleep(Clock::now() + std::chrono::milliseconds(20)) == psyne::Sleep::timed_out;
  };
  EXPECT_TRUE(eventually(is_silent, {&sleeper, &couple.offering.link()}));
  sleeper.attach_bell(nullptr).value();
}

TEST_P(EndingConformance, AWakeFloodWithNobodyListeningBlocksNobody) {
  Couple couple(transport(), fresh_uri());
  ASSERT_TRUE(couple.complete());
  for (int i = 0; i < 20000; ++i) couple.offering.link().wake();
  ASSERT_TRUE(couple.offering.link().post({}, {.counter = 0, .value = 1, .wake = true}));
  auto& peer = couple.answering.link();
  EXPECT_TRUE(eventually([&] { return peer.counter(0) == 1; }, {&couple.offering.link(), &peer}));
  couple.offering.link().close();
  EXPECT_TRUE(eventually([&] { return peer.peer_state() == PeerState::closed; }, {&peer})) << "a close, not a death";
}

TEST_P(EndingConformance, CloseIsSeenAndWhatWasSignalledBeforeStays) {
  Couple couple(transport(), fresh_uri());
  ASSERT_TRUE(couple.complete());
  auto& from = couple.offering;
  auto& to = couple.answering;
  std::ranges::fill(from.shown.bytes(), std::byte{3});
  const Put put{.local = from.shown.bytes().first(1000), .remote = &from.target(), .offset = 0};
  from.link().post({&put, 1}, {.counter = 0, .value = 9}).value();
  from.link().close();
  from.link().close();
  ASSERT_TRUE(eventually([&] { return to.link().peer_state() != PeerState::alive; }, {&to.link()}));
  EXPECT_EQ(to.link().peer_state(), PeerState::closed);
  EXPECT_EQ(to.link().counter(0), 9U);
  EXPECT_EQ(to.window.bytes()[999], std::byte{3});
  EXPECT_TRUE(to.link().progress()) << "the end of the peer is no error of progress";
  for (auto* link : {&from.link(), &to.link()}) {
    const auto refused = link->post({}, {.counter = 0, .value = 10});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), Code::closed);
  }
  EXPECT_EQ(to.link().counter(0), 9U);
}

TEST_P(EndingConformance, DestroyingALinkClosesIt) {
  Couple couple(transport(), fresh_uri());
  ASSERT_TRUE(couple.complete());
  couple.offering.met.link.reset();
  auto& link = couple.answering.link();
  EXPECT_TRUE(eventually([&] { return link.peer_state() == PeerState::closed; }, {&link}));
  link.wake();
}

TEST_P(EndingConformance, CloseEndsThePeersSleep) {
  const auto bell = Bell::make().value();
  Couple couple(transport(), fresh_uri());
  ASSERT_TRUE(couple.complete());
  auto& sleeper = couple.answering.link();
  sleeper.attach_bell(bell.get()).value();
  std::thread closer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    couple.offering.link().close();
  });
  EXPECT_TRUE(sleeps_until(*bell, sleeper, [&] { return sleeper.peer_state() == PeerState::closed; }));
  closer.join();
  // The end rings once: whoever has seen it sleeps as well as before.
  bell->clear();
  EXPECT_TRUE(
      eventually([&] { return bell->sleep(Clock::now() + std::chrono::milliseconds(20)) == psyne::Sleep::timed_out; },
                 {&sleeper}));
  sleeper.attach_bell(nullptr).value();
}

TEST_P(EndingConformance, OwnCloseEndsASleepInAnotherThread) {
  const auto bell = Bell::make().value();
  Couple couple(transport(), fresh_uri());
  ASSERT_TRUE(couple.complete());
  auto& link = couple.answering.link();
  link.attach_bell(bell.get()).value();
  std::thread closer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    link.close();
  });
  EXPECT_EQ(bell->sleep(Clock::now() + patience), psyne::Sleep::woken);
  closer.join();
  link.attach_bell(nullptr).value();
}

TEST_P(EndingConformance, ABellThatIsAttachedAfterTheEndRings) {
  Couple couple(transport(), fresh_uri());
  ASSERT_TRUE(couple.complete());
  couple.offering.link().close();
  auto& link = couple.answering.link();
  ASSERT_TRUE(eventually([&] { return link.peer_state() == PeerState::closed; }, {&link}));
  const auto bell = Bell::make().value();
  link.attach_bell(bell.get()).value();
  EXPECT_EQ(bell->sleep(Clock::now() + patience), psyne::Sleep::woken);
  link.attach_bell(nullptr).value();
}

TEST_P(EndingConformance, NoRingComesAfterABellIsTakenAway) {
  Couple couple(transport(), fresh_uri());
  ASSERT_TRUE(couple.complete());
  std::atomic<bool> stop{false};
  std::thread waker([&] {
    while (!stop) couple.offering.link().wake();
  });
  for (int round = 0; round < 100; ++round) {
    auto bell = Bell::make().value();
    couple.answering.link().attach_bell(bell.get()).value();
    bell->sleep(Clock::now() + std::chrono::milliseconds(1));
    static_cast<void>(couple.answering.link().progress().has_value());
    couple.answering.link().attach_bell(nullptr).value();
    bell.reset();  // a late ring would be a use after free
  }
  stop = true;
  waker.join();
}

TEST_P(EndingConformance, RevokeEndsWhenThePeerHasMadeProgress) {
  Couple couple(transport(), fresh_uri());
  ASSERT_TRUE(couple.complete());
  auto& owner = couple.offering;
  auto& peer = couple.answering;
  const Put put{.local = peer.shown.bytes().first(8), .remote = &peer.target(), .offset = 0};
  peer.link().post({&put, 1}, {.counter = 0, .value = 1}).value();
  const auto& span = owner.met.exposed[0];
  const auto first = owner.link().revoke(span);
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error(), Code::would_block);
  EXPECT_TRUE(eventually([&] { return owner.link().revoke(span).has_value(); }, {&peer.link(), &owner.link()}));
  const auto refused = peer.link().post({&put, 1}, {.counter = 0, .value = 2});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), Code::invalid_argument);
  EXPECT_EQ(owner.link().revoke(span).error(), Code::invalid_argument) << "it is not exposed any more";
  EXPECT_TRUE(peer.link().post({}, {.counter = 0, .value = 3})) << "the link goes on";
}

TEST_P(EndingConformance, SeveralRevocationsUnderWay) {
  Couple couple(transport(), fresh_uri());
  ASSERT_TRUE(couple.complete());
  auto& owner = couple.offering;
  EXPECT_EQ(owner.link().revoke(owner.met.exposed[1]).error(), Code::would_block);
  EXPECT_EQ(owner.link().revoke(owner.met.exposed[0]).error(), Code::would_block);
  for (const auto& span : owner.met.exposed) {
    EXPECT_TRUE(
        eventually([&] { return owner.link().revoke(span).has_value(); }, {&couple.answering.link(), &owner.link()}));
  }
}

TEST_P(EndingConformance, RevokeEndsWhenThePeerIsGone) {
  Couple couple(transport(), fresh_uri());
  ASSERT_TRUE(couple.complete());
  auto& owner = couple.offering;
  EXPECT_EQ(owner.link().revoke(owner.met.exposed[0]).error(), Code::would_block);
  couple.answering.link().close();
  for (const auto& span : owner.met.exposed) {
    EXPECT_TRUE(eventually([&] { return owner.link().revoke(span).has_value(); }, {&owner.link()}));
  }
}

TEST_P(EndingConformance, ASpanThatWasTakenBackCannotBeAttachedLate) {
  Couple couple(transport(), fresh_uri());
  ASSERT_TRUE(couple.complete());
  auto& owner = couple.offering.link();
  auto& peer = couple.answering.link();
  const psyne::Region extra = Couple::region(transport(), Access::write, 4096);
  auto span = owner.expose(extra, Access::write).value();
  const psyne::RemoteSpan name{.offset = span.offset,
                               .length = span.length,
                               .generation = span.generation,
                               .access = span.access,
                               .key = span.key,
                               .descriptor = {},
                               .owner = nullptr};
  ASSERT_TRUE(eventually([&] { return owner.revoke(name).has_value(); }, {&owner, &peer}));
  const auto late = peer.attach(std::move(span));
  ASSERT_FALSE(late);
  EXPECT_TRUE(late.error() == Code::invalid_state || late.error() == Code::corrupted) << late.error().text();
}

TEST_P(EndingConformance, AMappedViewOutlivesTheLinksAndItsOwner) {
  Couple couple(transport(), fresh_uri());
  ASSERT_TRUE(couple.complete());
  if (!couple.offering.link().capabilities().mapped) GTEST_SKIP() << "does not map";
  auto region = std::make_shared<psyne::Region>(Couple::region(transport(), Access::read, 4096));
  region->bytes()[1] = std::byte{77};
  auto span = couple.offering.link().expose(*region, Access::read).value();
  span.owner = region;
  psyne::RemoteRegion view = couple.answering.link().attach(std::move(span)).value();
  region.reset();
  couple.offering.met.link.reset();
  couple.answering.met.link.reset();
  EXPECT_EQ(view.map()[1], std::byte{77});
}

TEST_P(EndingConformance, LinksMayGoInEitherOrderWhileThePeerWakes) {
  for (int round = 0; round < 50; ++round) {
    Couple couple(transport(), fresh_uri(), 4096);
    ASSERT_TRUE(couple.complete());
    std::thread other([&] {
      for (int i = 0; i < 20; ++i) couple.answering.link().wake();
      couple.answering.met.link.reset();
    });
    couple.offering.met.link.reset();
    other.join();
  }
}

}  // namespace
