#include "lane_pair.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <thread>
#include <vector>

// A payload that is copied in while its reader already copies it out.
namespace {

using psyne::Look;
using psyne::Record;
using psyne::VariableRecords;
using Lane = psyne_test::LanePair<VariableRecords>;

std::vector<std::byte> numbered(std::size_t bytes, unsigned seed) {
  std::vector<std::byte> payload(bytes);
  for (std::size_t i = 0; i < bytes; ++i) payload[i] = static_cast<std::byte>(seed + i * 7 + i / 251);
  return payload;
}

TEST(LaneFill, GivesTheSameRecordsAsWritingInPlace) {
  Lane lane(1 << 20);
  unsigned seed = 0;
  for (const std::size_t bytes : {0, 1, 127, 128, 4096, 8192, 8193, 65'536, 500'000, 524'288, 4096, 4096, 100}) {
    const auto payload = numbered(bytes, ++seed);
    ASSERT_NE(lane.writer.try_reserve(bytes), nullptr);
    lane.writer.fill(payload);
    ASSERT_EQ(lane.reader.look(), Look::empty) << "seen before its commit";
    lane.writer.commit(bytes);
    ASSERT_EQ(lane.reader.look(), Look::record);
    ASSERT_TRUE(std::ranges::equal(lane.reader.front(), payload)) << bytes;
    lane.reader.pop();
    ASSERT_EQ(lane.reader.look(), Look::empty);
  }
}

TEST(LaneFill, AReaderSeesWhatIsThereOfALongOne) {
  Lane lane(1 << 20);
  for (int lap = 0; lap < 20; ++lap) {
    EXPECT_EQ(lane.reader.under_way().bytes, 0U);
    const auto payload = numbered(100'000, lap);
    ASSERT_NE(lane.writer.try_reserve(payload.size()), nullptr);
    lane.writer.fill(payload);
    ASSERT_EQ(lane.reader.look(), Look::empty);
    const auto under_way = lane.reader.under_way();
    ASSERT_EQ(under_way.bytes, payload.size());
    ASSERT_GT(under_way.filled.size(), payload.size() / 2);
    ASSERT_LT(under_way.filled.size(), payload.size()) << "the rest is told by the commit";
    ASSERT_TRUE(std::equal(under_way.filled.begin(), under_way.filled.end(), payload.begin()));
    lane.writer.commit(payload.size());
    ASSERT_EQ(lane.reader.look(), Look::record);
    lane.reader.pop();
  }
}

TEST(LaneFill, ShortOnesAndThoseThatMayBeDroppedAreNotFollowed) {
  Lane lane(1 << 20);
  ASSERT_NE(lane.writer.try_reserve(4096), nullptr);
  lane.writer.fill(numbered(4096, 1));
  ASSERT_EQ(lane.reader.look(), Look::empty);
  EXPECT_EQ(lane.reader.under_way().bytes, 0U);
  Lane lossy(1 << 20, true);
  ASSERT_NE(lossy.writer.try_reserve(100'000), nullptr);
  lossy.writer.fill(numbered(100'000, 1));
  ASSERT_EQ(lossy.reader.look(), Look::empty);
  EXPECT_EQ(lossy.reader.under_way().bytes, 0U);
}

// Whatever a hostile producer tells of a record under way, the reader never looks beyond the ring.
TEST(LaneFill, WhatIsUnderWayLiesWithinTheRing) {
  Lane lane(1 << 16);
  const std::uint64_t position = lane.reader.position();
  ASSERT_EQ(lane.reader.look(), Look::empty);
  for (const std::uint32_t length : {1U, 65'000U, 65'535U, 65'536U, 1U << 31, Record::padding}) {
    for (const std::uint64_t filled :
         {std::uint64_t{0}, position, position + 1, position + length, position + length + 1, ~std::uint64_t{0}}) {
      lane.block.under_way.store(Record::word(position, length));
      lane.block.filled.store(filled);
      const auto under_way = lane.reader.under_way();
      if (under_way.bytes == 0) continue;
      ASSERT_LE(under_way.filled.size(), under_way.bytes);
      ASSERT_LE(under_way.filled.data() + under_way.bytes, lane.ring + lane.capacity);
    }
  }
  lane.block.under_way.store(Record::word(position + 64, 100));  // another record's
  lane.block.filled.store(position + 50);
  EXPECT_EQ(lane.reader.under_way().bytes, 0U);
}

// Taking the lines of the next place back must never write over what is not yet released.
TEST(LaneFill, CommittingTouchesOnlyWhatIsFree) {
  std::mt19937 random(5);
  std::vector<std::uint64_t> sizes(20'000);
  for (std::uint64_t& size : sizes) size = 128 + random() % 120 * 64;
  Lane lane(1 << 15);
  std::size_t sent = 0, received = 0;
  for (int round = 0; received < sizes.size(); ++round) {
    const bool until_full = round % 1000 < 100;
    do {
      if (sent == sizes.size() || !lane.send(sizes[sent], static_cast<std::uint8_t>(sent))) break;
      ++sent;
    } while (until_full);
    for (int i = 0; (i <= round % 3 || !until_full) && lane.reader.look() == Look::record; ++i) {
      ASSERT_TRUE(lane.front_is(sizes[received], static_cast<std::uint8_t>(received))) << "record " << received;
      ++received;
      lane.reader.pop();
    }
    ASSERT_TRUE(lane.behind_is_untouched()) << "after record " << sent;
  }
}

TEST(LaneFill, BetweenThreadsTheFollowerCopiesOnlyWhatIsThere) {
  Lane lane(1 << 20);
  constexpr unsigned messages = 400;
  const auto size_of = [](unsigned message) { return std::size_t{20'000} + message % 37 * 8'000; };
  std::thread sending([&] {
    for (unsigned message = 0; message < messages; ++message) {
      const auto payload = numbered(size_of(message), message);
      while (lane.writer.try_reserve(payload.size()) == nullptr) std::this_thread::yield();
      lane.writer.fill(payload);
      lane.writer.commit(payload.size());
    }
  });
  unsigned followed = 0;
  for (unsigned message = 0; message < messages; ++message) {
    std::vector<std::byte> copy;
    for (;;) {
      const Look look = lane.reader.look();
      if (look == Look::record) break;
      ASSERT_EQ(look, Look::empty);
      const auto under_way = lane.reader.under_way();
      if (under_way.filled.size() > copy.size()) {
        copy.insert(copy.end(), under_way.filled.begin() + static_cast<std::ptrdiff_t>(copy.size()),
                    under_way.filled.end());
        ++followed;
      }
      std::this_thread::yield();
    }
    const auto front = lane.reader.front();
    ASSERT_EQ(front.size(), size_of(message));
    copy.insert(copy.end(), front.begin() + static_cast<std::ptrdiff_t>(copy.size()), front.end());
    lane.reader.pop();
    ASSERT_EQ(copy, numbered(size_of(message), message));
  }
  sending.join();
  RecordProperty("portions_followed", static_cast<int>(followed));
}

}  // namespace
