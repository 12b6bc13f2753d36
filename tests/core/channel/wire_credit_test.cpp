// When a reader over a wire gives credit: how often, and for whom at once.
#include <psyne/core/channel/wire_credit.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <span>
#include <vector>

namespace {

using psyne::Code;
using psyne::PeerState;
using psyne::Put;
using psyne::Result;
using psyne::Signal;
using psyne::Token;
using psyne::WireCounter;

constexpr std::uint64_t ring = 8000;

/// A link of which only what the credit needs is there.
struct Told {
  Result<Token> post(std::span<const Put> /*puts*/, const Signal& signal) {
    if (full) return Code::would_block;
    if (signal.counter == counter_index(WireCounter::credit)) credits.push_back(signal.value - 1);
    return Token{1};
  }
  Result<void> progress() { return {}; }
  std::uint64_t counter(std::uint32_t index) const {
    if (index == counter_index(WireCounter::hinted)) return hinted_plus_one;
    return index == counter_index(WireCounter::asked) ? asked_plus_one : 0;
  }
  PeerState peer_state() const { return PeerState::alive; }
  std::optional<std::uint64_t> resumed(std::uint32_t /*counter*/) { return {}; }

  bool full = false;
  std::uint64_t asked_plus_one = 0;
  std::uint64_t hinted_plus_one = 0;
  std::vector<std::uint64_t> credits;
};

struct WireCredit : testing::Test {
  WireCredit() { credit.connect(link); }
  Told link;
  psyne::WireCredit<Told> credit{ring};
};

// One message after the other, each answered: a credit is in somebody's way.
TEST_F(WireCredit, OfSmallStepsIsToldAtThreeEighths) {
  for (std::uint64_t cursor = 100; cursor < ring / 8 * 3; cursor += 100) {
    credit.release(cursor);
    credit.progress();
    ASSERT_TRUE(link.credits.empty()) << cursor;
  }
  credit.release(ring / 8 * 3);
  EXPECT_EQ(link.credits, std::vector<std::uint64_t>{ring / 8 * 3});
}

TEST_F(WireCredit, OfStridesIsToldAtAQuarterByALook) {
  credit.progress();
  credit.release(ring / 8);
  credit.progress();
  EXPECT_TRUE(link.credits.empty());
  credit.release(ring / 8 * 2 - 1);
  credit.progress();
  EXPECT_TRUE(link.credits.empty());
  credit.release(ring / 8 * 3 - 1);
  EXPECT_TRUE(link.credits.empty()) << "it is taking more";
  credit.progress();
  EXPECT_EQ(link.credits, std::vector<std::uint64_t>{ring / 8 * 3 - 1});
  credit.release(ring / 8 * 5 - 1);
  credit.progress();
  EXPECT_EQ(link.credits.size(), 2U) << "in one stride";
}

TEST_F(WireCredit, ThatIsAskedForIsToldByTheReleaseThatGetsThere) {
  link.asked_plus_one = 500 + 1;
  credit.release(499);
  EXPECT_TRUE(link.credits.empty());
  credit.release(500);
  EXPECT_EQ(link.credits, std::vector<std::uint64_t>{500});
  credit.release(501);
  EXPECT_EQ(link.credits.size(), 1U) << "once";
  link.asked_plus_one = 400 + 1;  // late: it has been told more
  credit.release(502);
  EXPECT_EQ(link.credits.size(), 1U);
}

// Who waits asks for less than a hint that came before.
TEST_F(WireCredit, ThatIsHintedAtIsToldAsWell) {
  link.hinted_plus_one = 500 + 1;
  link.asked_plus_one = 300 + 1;
  credit.release(299);
  EXPECT_TRUE(link.credits.empty());
  credit.release(300);
  credit.release(499);
  EXPECT_EQ(link.credits, std::vector<std::uint64_t>{300});
  credit.release(500);
  EXPECT_EQ(link.credits, (std::vector<std::uint64_t>{300, 500}));
}

TEST_F(WireCredit, ThatFoundNoRoomIsToldByTheNextLook) {
  link.full = true;
  credit.release(ring / 2);
  EXPECT_TRUE(link.credits.empty());
  link.full = false;
  credit.progress();
  EXPECT_EQ(link.credits, std::vector<std::uint64_t>{ring / 2});
}

TEST_F(WireCredit, SettlingTellsWhatWasGathered) {
  credit.release(1);
  credit.settle();
  credit.settle();
  EXPECT_EQ(link.credits, std::vector<std::uint64_t>{1});
}

}  // namespace
