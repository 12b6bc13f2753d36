#include <psyne/core/metrics/instruments.hpp>
#include <psyne/core/metrics/snapshot.hpp>

#include <gtest/gtest.h>

#include <limits>

namespace {

namespace metrics = psyne::metrics;
using metrics::Cell;

TEST(Buckets, HoldPowersOfTwo) {
  EXPECT_EQ(metrics::bucket_of(0), 0u);
  EXPECT_EQ(metrics::bucket_of(1), 1u);
  EXPECT_EQ(metrics::bucket_of(2), 2u);
  EXPECT_EQ(metrics::bucket_of(3), 2u);
  EXPECT_EQ(metrics::bucket_of(4), 3u);
  EXPECT_EQ(metrics::bucket_of(std::numeric_limits<std::uint64_t>::max()), metrics::buckets - 1);
  for (std::size_t i = 1; i < metrics::buckets; ++i) {
    EXPECT_EQ(metrics::bucket_of(metrics::bucket_floor(i)), i);
    EXPECT_EQ(metrics::bucket_of(metrics::bucket_floor(i) - 1), i - 1);
  }
}

TEST(Counter, Counts) {
  Cell cell{};
  metrics::Counter counter(&cell);
  counter.add();
  counter.add(41);
  EXPECT_EQ(counter.value(), 42u);
  EXPECT_EQ(cell.load(), 42u);
}

TEST(Gauge, GoesBothWaysAndKeepsItsHighWater) {
  Cell cell{};
  metrics::Gauge gauge(&cell);
  gauge.add(3);
  gauge.add(-5);
  EXPECT_EQ(gauge.value(), -2);
  gauge.raise(-3);
  EXPECT_EQ(gauge.value(), -2);
  gauge.raise(7);
  gauge.raise(6);
  EXPECT_EQ(gauge.value(), 7);
  gauge.set(std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(gauge.value(), std::numeric_limits<std::int64_t>::min());
}

TEST(Histogram, KeepsSumAndBuckets) {
  Cell cells[1 + metrics::buckets]{};
  metrics::Histogram histogram(cells);
  for (const std::uint64_t value : {0, 1, 3, 3, 1000}) histogram.record(value);
  EXPECT_EQ(cells[0].load(), 1007u);
  EXPECT_EQ(cells[1 + 0].load(), 1u);
  EXPECT_EQ(cells[1 + 1].load(), 1u);
  EXPECT_EQ(cells[1 + 2].load(), 2u);
  EXPECT_EQ(cells[1 + 10].load(), 1u);
}

TEST(Instruments, MadeByDefaultCountToNowhere) {
  metrics::Counter().add();
  metrics::Gauge().set(-1);
  metrics::Histogram().record(std::numeric_limits<std::uint64_t>::max());
}

metrics::ReadValue histogram_of(std::initializer_list<std::uint64_t> values) {
  metrics::ReadValue read{.name = "h", .kind = metrics::Kind::histogram, .number = 0, .histogram = {}};
  read.histogram.resize(metrics::buckets);
  for (const auto value : values) ++read.histogram[metrics::bucket_of(value)];
  return read;
}

TEST(Quantile, LiesInItsBucket) {
  const auto read = histogram_of({0, 0, 0, 0, 0, 100, 100, 100, 100, 5000});
  EXPECT_EQ(read.count(), 10u);
  EXPECT_EQ(read.quantile(0.5), 0);
  EXPECT_GE(read.quantile(0.9), 64);
  EXPECT_LE(read.quantile(0.9), 127);
  EXPECT_GE(read.quantile(0.99), 4096);
  EXPECT_EQ(read.quantile(1), 8191);
}

TEST(Quantile, GrowsWithItsShareAndBearsAnything) {
  EXPECT_EQ(histogram_of({}).quantile(0.5), 0);
  const auto read = histogram_of({1, 2, 4, 8, 16, 1u << 31});
  double last = 0;
  for (double share = -0.5; share <= 1.5; share += 0.01) {
    EXPECT_GE(read.quantile(share), last);
    last = read.quantile(share);
  }
  metrics::ReadValue hostile;
  hostile.histogram.assign(metrics::buckets, std::numeric_limits<std::uint64_t>::max());
  EXPECT_GE(hostile.quantile(0.5), 0);
}

}  // namespace
