#include <psyne/pool/queue/ageing.hpp>

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using psyne::Ageing;
using psyne::Clock;
using psyne::Deadline;

const Deadline start{100h};

TEST(Ageing, SaysHowLongEachHasWaitedToAStep) {
  Ageing ages;
  for (std::size_t number = 0; number < 10; ++number) ages.came(number, start + number * 300ms);
  for (std::size_t number = 0; number < 10; ++number) {
    EXPECT_EQ(ages.waited(number, start + 3s), 3s - number * 300ms) << number;
  }
}

TEST(Ageing, NeverSaysTooLittleAndAtMostAStepTooMuch) {
  Ageing ages;
  for (std::size_t number = 0; number < 100; ++number) ages.came(number, start + number * 10ms);
  for (std::size_t number = 0; number < 100; ++number) {
    const Clock::duration truth = 2s - number * 10ms;
    EXPECT_GE(ages.waited(number, start + 2s), truth) << number;
    EXPECT_LE(ages.waited(number, start + 2s), truth + Ageing::step) << number;
  }
}

TEST(Ageing, EntriesThatComeTogetherShareAMark) {
  Ageing ages;
  for (std::size_t number = 0; number < 1'000'000; ++number) ages.came(number, start);
  ages.came(1'000'000, start + 1s);
  EXPECT_EQ(ages.waited(0, start + 1s), 1s);
  EXPECT_EQ(ages.waited(999'999, start + 1s), 1s);
  EXPECT_EQ(ages.waited(1'000'000, start + 1s), 0s);
}

TEST(Ageing, SaysTheLongestOfWhatIsOlderThanItsMarks) {
  Ageing ages;
  for (std::size_t number = 0; number < 100; ++number) ages.came(number, start + number * Ageing::step);
  const Deadline now = start + 99 * Ageing::step;
  EXPECT_EQ(ages.waited(0, now), Ageing::longest);
  EXPECT_EQ(ages.waited(80, now), Ageing::longest);
  EXPECT_EQ(ages.waited(95, now), 4 * Ageing::step);
  EXPECT_EQ(ages.waited(95, now + 1h), Ageing::longest) << "nor is more than that ever said";
}

TEST(Ageing, ItsLongestIsThreeLevels) { EXPECT_GE(Ageing::longest, 3s); }

TEST(Ageing, APauseMakesANewMark) {
  Ageing ages;
  ages.came(0, start);
  ages.came(1, start + 1h);
  EXPECT_EQ(ages.waited(1, start + 1h + 100ms), 100ms);
}

/// Each thread brings the time that it looked at before it had the lock.
TEST(Ageing, ATimeFromBeforeIsNoWait) {
  Ageing ages;
  ages.came(0, start + 10s);
  EXPECT_EQ(ages.waited(0, start), 0s);
  ages.came(1, start);
  EXPECT_EQ(ages.waited(1, start + 10s), 0s);
}

}  // namespace
