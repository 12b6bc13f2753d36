#include <psyne/core/channel/wait.hpp>
#include <psyne/core/stop/stop_source.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <limits>

namespace {

using namespace std::chrono_literals;
using psyne::Clock;
using psyne::no_deadline;
using psyne::Wait;

TEST(Wait, OfNothingLastsAsLongAsItTakes) {
  EXPECT_EQ(Wait().deadline, no_deadline);
  EXPECT_FALSE(Wait().stop.stop_possible());
}

TEST(Wait, ADurationCountsFromNow) {
  const auto before = Clock::now();
  const Wait wait(50ms);
  EXPECT_GE(wait.deadline, before + 50ms);
  EXPECT_LE(wait.deadline, Clock::now() + 50ms);
}

// hours::max() times 3.6e12 is more than 64 bits hold.
TEST(Wait, ADurationBeyondTheClockNeverEnds) {
  EXPECT_EQ(Wait(std::chrono::hours::max()).deadline, no_deadline);
  EXPECT_EQ(Wait(std::chrono::nanoseconds::max()).deadline, no_deadline);
  EXPECT_EQ(Wait(std::chrono::duration<double>(1e300)).deadline, no_deadline);
  EXPECT_EQ(Wait(std::chrono::duration<double>(std::numeric_limits<double>::infinity())).deadline, no_deadline);
  EXPECT_EQ(Wait(std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN())).deadline, no_deadline);
}

TEST(Wait, ADurationBelowZeroIsOver) {
  for (const Wait& wait : {Wait(-1s), Wait(std::chrono::hours::min()), Wait(std::chrono::nanoseconds::min())}) {
    EXPECT_LE(wait.deadline, Clock::now());
    EXPECT_GT(wait.deadline, Clock::now() - 1h) << "it wrapped around";
  }
}

TEST(Wait, ATokenGoesBesideEither) {
  const psyne::StopSource source;
  EXPECT_EQ(Wait(source.token()).stop, source.token());
  const Wait wait(1h, source.token());
  EXPECT_EQ(wait.stop, source.token());
  EXPECT_LT(wait.deadline, no_deadline);
}

}  // namespace
