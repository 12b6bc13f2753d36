// Links that are kept until their peers have heard a goodbye: for how long, and what rings meanwhile.
#include <psyne/core/channel/goodbyes.hpp>

#include "core/channel/quiet_link.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::Clock;
using psyne::Goodbyes;
using psyne::PeerState;
using psyne::Result;

/// What became of a link.
struct Fate {
  PeerState state = PeerState::alive;
  bool answers_at_once = false;
  bool left = false, closed = false, gone = false;
  bool rings = true;
};

class LeavingLink final : public channel_test::QuietLink {
 public:
  explicit LeavingLink(Fate& fate) : fate_(fate) {}
  ~LeavingLink() override { fate_.gone = true; }

  PeerState peer_state() const override { return fate_.state; }
  Result<void> attach_service_bell(psyne::Bell* bell) override {
    fate_.rings = bell != nullptr;
    return {};
  }
  void close() noexcept override {
    fate_.closed = true;
    if (fate_.state == PeerState::alive) fate_.state = PeerState::closed;
  }
  void leave() noexcept override {
    fate_.left = true;
    if (fate_.answers_at_once) fate_.state = PeerState::closed;
  }

 private:
  Fate& fate_;
};

struct SaidGoodbyes : testing::Test {
  void say(Fate& fate, psyne::Deadline until, std::shared_ptr<const psyne::Region> copy = nullptr) {
    goodbyes.say(std::make_shared<LeavingLink>(fate), std::move(copy), until);
  }
  Goodbyes goodbyes;
};

TEST_F(SaidGoodbyes, AreForgottenOnceTheyAreHeard) {
  Fate heard, lost, waits;
  const auto copy = std::make_shared<const psyne::Region>(psyne::Region::allocate(64, "copy").value());
  const std::weak_ptr<const psyne::Region> kept = copy;
  say(heard, Clock::now() + 1h, copy);
  say(lost, Clock::now() + 1h);
  say(waits, Clock::now() + 2h);
  EXPECT_TRUE(heard.left && lost.left && waits.left);
  EXPECT_TRUE(goodbyes.settle());
  EXPECT_FALSE(heard.gone || lost.gone || waits.gone);
  heard.state = PeerState::closed;
  lost.state = PeerState::lost;
  const auto next = goodbyes.settle();
  ASSERT_TRUE(next);
  EXPECT_GT(*next, Clock::now() + 1h);
  EXPECT_TRUE(heard.gone && lost.gone);
  EXPECT_FALSE(heard.rings || lost.rings) << "a view may keep the link";
  EXPECT_FALSE(waits.gone || waits.closed);
  EXPECT_EQ(kept.use_count(), 1) << "only the test's";
  EXPECT_FALSE(goodbyes.empty());
  goodbyes.close();
  EXPECT_TRUE(waits.closed && waits.gone);
}

TEST_F(SaidGoodbyes, ThatAreAnsweredAtOnceAreSeenByTheNextLook) {
  Fate fate;
  fate.answers_at_once = true;
  say(fate, Clock::now() + 1h);
  EXPECT_FALSE(goodbyes.settle());
  EXPECT_TRUE(fate.gone && goodbyes.empty());
}

TEST_F(SaidGoodbyes, AreClosedWhenNobodyHearsThemInTime) {
  Fate soon, never;
  say(soon, Clock::now() + 5ms);
  say(never, psyne::Deadline::min());
  const auto next = goodbyes.settle();
  EXPECT_TRUE(never.closed && never.gone);
  ASSERT_TRUE(next);
  std::this_thread::sleep_until(*next);
  EXPECT_FALSE(goodbyes.settle());
  EXPECT_TRUE(soon.closed && soon.gone);
}

TEST_F(SaidGoodbyes, AreWaitedForNoMoreWhereTheirEndGoes) {
  Fate fate;
  auto link = std::make_shared<LeavingLink>(fate);
  goodbyes.say(link, nullptr, Clock::now() + 1h);
  goodbyes.close();
  EXPECT_TRUE(fate.closed && goodbyes.empty());
  EXPECT_FALSE(fate.rings || fate.gone) << "it is held by a view";
  EXPECT_FALSE(goodbyes.settle());
}

}  // namespace
