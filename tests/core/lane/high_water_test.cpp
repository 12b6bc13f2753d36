// What a writer shows of how full its ring has been (LaneWriter::measure).
#include "lane_pair.hpp"

#include <gtest/gtest.h>

namespace {

using psyne::FixedRecords;
using psyne::Look;
using psyne_test::LanePair;

using Eight = FixedRecords<8, 8>;
constexpr std::uint64_t stride = Eight::stride;

class HighWater : public testing::Test {
 protected:
  void SetUp() override { lane_.writer.measure(psyne::metrics::Gauge(&cell_)); }
  /// So many at a time, all of them taken in between.
  void stream(int messages, int at_a_time) {
    for (int sent = 0; sent < messages; sent += at_a_time) {
      for (int i = 0; i < at_a_time; ++i) ASSERT_TRUE(lane_.send(8, 1));
      while (lane_.reader.look() == Look::record) lane_.reader.pop();
    }
  }
  std::uint64_t shown() const { return cell_.load(); }

  psyne::metrics::Cell cell_{0};
  LanePair<Eight> lane_{4096};
};

TEST_F(HighWater, IsLowWhereTheReaderKeepsUp) {
  stream(10'000, 1);
  EXPECT_LE(shown(), 2 * stride);
}

TEST_F(HighWater, IsAboutABurstThatComesAgainAndAgain) {
  stream(10'000, 64);
  EXPECT_GT(shown(), 0U);
  EXPECT_LE(shown(), 65 * stride);
}

TEST_F(HighWater, IsTheWholeRingOnceItWasFull) {
  while (lane_.send(8, 1)) {
  }
  EXPECT_GT(shown(), 4096 - 2 * stride);
  EXPECT_LE(shown(), 4096U);
  while (lane_.reader.look() == Look::record) lane_.reader.pop();
  stream(1000, 1);
  EXPECT_GT(shown(), 4096 - 2 * stride) << "it fell again";
}

TEST_F(HighWater, SeesWhatIsKeptWhenTheReaderGoes) {
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(lane_.send(8, 1));
  EXPECT_EQ(shown(), 0U) << "nobody has looked yet";
  static_cast<void>(lane_.writer.remove_reader(lane_.wire, true));
  EXPECT_EQ(shown(), 10 * stride);
}

}  // namespace
