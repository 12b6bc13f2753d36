#include "conformance/child.hpp"
#include "conformance/end.hpp"
#include "conformance/subject.hpp"

#include <algorithm>

namespace {

using conformance::Child;
using conformance::Couple;
using conformance::End;
using conformance::eventually;
using psyne::Access;
using psyne::Bell;
using psyne::Clock;
using psyne::Code;
using psyne::PeerState;
using psyne::Put;
using psyne::Region;
using psyne::Side;

/// What holds between processes, for the transports that go there.
class ProcessConformance : public conformance::Conformance {
 protected:
  void SetUp() override {
    if (!subject().crosses_processes) GTEST_SKIP() << "stays within one process";
  }

  /// A process that meets the one end at `uri`, sends `rounds` signals with a put each, and stays.
  static std::unique_ptr<Child> sender(const conformance::Address& uri, Side side, std::uint64_t rounds) {
    return std::make_unique<Child>([&uri, side, rounds](Child::Word& word) {
      const Region mine = Couple::region(transport(), Access::read, 4096);
      End end("sender");
      end.appear(transport(), uri, side);
      const auto met = end.next();
      if (!met.link || met.regions.empty()) _exit(1);
      for (std::uint64_t round = 1; round <= rounds; ++round) {
        std::ranges::fill(mine.bytes(), static_cast<std::byte>(round));
        const Put put{.local = mine.bytes(), .remote = &met.regions[0], .offset = 0};
        const psyne::Signal signal{.counter = 0, .value = round, .wake = true};
        if (!eventually([&] { return met.link->post({&put, 1}, signal).has_value(); }, {met.link.get()})) _exit(2);
        // One at a time: the other side answers by its own counter.
        if (!eventually([&] { return met.link->counter(1) >= round; }, {met.link.get()})) _exit(3);
      }
      word.say();
      Child::Word::stay();
    });
  }
};
PSYNE_CONFORMANCE(ProcessConformance);

TEST_P(ProcessConformance, PutsSignalsAndWakesCross) {
  for (const Side side : {Side::offering, Side::answering}) {
    const auto uri = fresh_uri();
    const Region window = Couple::region(transport(), Access::write, 4096);
    End end;
    end.regions = {{&window, Access::write}};
    end.appear(transport(), uri, side);
    const auto child = sender(uri, side == Side::offering ? Side::answering : Side::offering, 100);
    const auto bell = Bell::make().value();
    const auto met = end.next();
    ASSERT_TRUE(met.link);
    met.link->attach_bell(bell.get()).value();
    const auto deadline = Clock::now() + conformance::patience;
    for (std::uint64_t round = 1; round <= 100; ++round) {
      while (met.link->counter(0) < round && bell->sleep(deadline) == psyne::Sleep::woken) {
        met.link->progress().value();
      }
      ASSERT_EQ(met.link->counter(0), round);
      ASSERT_TRUE(std::ranges::all_of(window.bytes(), [&](auto b) { return b == static_cast<std::byte>(round); }));
      met.link->post({}, {.counter = 1, .value = round}).value();
    }
    EXPECT_EQ(child->hear(), '!');
    met.link->attach_bell(nullptr).value();
  }
}

TEST_P(ProcessConformance, AKilledPeerIsLostAndEndsASleep) {
  for (const Side side : {Side::offering, Side::answering}) {
    const auto uri = fresh_uri();
    const Region window = Couple::region(transport(), Access::write, 4096);
    End end;
    end.regions = {{&window, Access::write}};
    end.appear(transport(), uri, side);
    const auto child = sender(uri, side == Side::offering ? Side::answering : Side::offering, 1);
    const auto bell = Bell::make().value();
    const auto met = end.next();
    ASSERT_TRUE(met.link);
    ASSERT_TRUE(eventually([&] { return met.link->counter(0) == 1; }, {met.link.get()}));
    met.link->post({}, {.counter = 1, .value = 1}).value();
    EXPECT_EQ(child->hear(), '!');
    EXPECT_EQ(met.link->revoke(met.exposed[0]).error(), Code::would_block) << "nobody acknowledges";
    met.link->attach_bell(bell.get()).value();
    std::thread killer([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      child->kill();
    });
    const auto deadline = Clock::now() + conformance::patience;
    while (met.link->peer_state() == PeerState::alive && bell->sleep(deadline) == psyne::Sleep::woken) {
      met.link->progress().value();
    }
    killer.join();
    EXPECT_EQ(met.link->peer_state(), PeerState::lost);
    EXPECT_EQ(met.link->counter(0), 1U) << "what it signalled stays";
    EXPECT_EQ(window.bytes()[4095], std::byte{1});
    EXPECT_EQ(met.link->post({}, {.counter = 1, .value = 2}).error(), Code::peer_lost);
    EXPECT_TRUE(met.link->revoke(met.exposed[0]));
    met.link->attach_bell(nullptr).value();

    const auto next = sender(uri, side == Side::offering ? Side::answering : Side::offering, 1);
    EXPECT_TRUE(end.next().link) << "the presence goes on";
  }
}

TEST_P(ProcessConformance, APeerThatExitsByItselfIsClosedOrLostButGone) {
  const auto uri = fresh_uri();
  End end;
  end.appear(transport(), uri, Side::offering);
  Child child([&](Child::Word&) {
    End other;
    other.appear(transport(), uri, Side::answering);
    const auto met = other.next();
    met.link->post({}, {.counter = 0, .value = 3}).value();
  });
  const auto met = end.next();
  ASSERT_TRUE(met.link);
  EXPECT_TRUE(eventually([&] { return met.link->peer_state() == PeerState::closed; }, {met.link.get()}));
  EXPECT_EQ(met.link->counter(0), 3U);
  EXPECT_EQ(child.wait(), 0);
}

}  // namespace
