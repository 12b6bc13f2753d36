#include <psyne/pool/algorithm/pace.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace {

using namespace std::chrono_literals;
using psyne::Pace;

constexpr std::size_t endless = std::size_t{1} << 40U;

/// A pace that knows so cheap items that it takes many at once.
Pace known_cheap(std::size_t least) {
  Pace pace(least, false);
  pace.start();
  for (int turn = 0; turn < 1'000 && pace.chunk() < 1'000 * least; ++turn) pace.done(pace.chunk(), endless);
  EXPECT_GE(pace.chunk(), 1'000 * least);
  return pace;
}

TEST(Pace, ItemsThatTakeNothingAreTakenByEverMore) {
  Pace pace(3, true);
  EXPECT_EQ(pace.chunk(), 3U);
  EXPECT_TRUE(pace.each());
  EXPECT_FALSE(pace.worth_sharing(endless)) << "nothing is known of them yet";
  static_cast<void>(known_cheap(3));
}

TEST(Pace, OneThatTakesLongHasTheOthersTakenOneByOne) {
  Pace pace = known_cheap(2);
  pace.start();
  std::this_thread::sleep_for(2ms);
  pace.done(pace.chunk(), endless);
  for (int turn = 0; turn < 8; ++turn) {  // as long as it reads the clock after every second chunk
    std::this_thread::sleep_for(1ms);
    pace.done(2, endless);
  }
  EXPECT_EQ(pace.chunk(), 2U);
  EXPECT_TRUE(pace.each());
  EXPECT_TRUE(pace.worth_sharing(2));
}

TEST(Pace, WhoBeginsElsewhereTakesFewFirst) {
  const Pace pace = known_cheap(4);
  EXPECT_EQ(pace.elsewhere().chunk(), std::max<std::size_t>(4, pace.chunk() / 16));
  EXPECT_EQ(Pace(4, false).elsewhere().chunk(), 4U);
}

TEST(Pace, NearTheEndTheClockIsReadAfterEveryChunk) {
  Pace pace(1, false);
  pace.start();
  std::this_thread::sleep_for(1ms);
  pace.done(1, 0);
  EXPECT_TRUE(pace.each()) << "one item took a millisecond";
}

}  // namespace
