#include "lane_pair.hpp"

#include <gtest/gtest.h>

#include <random>

namespace {

using psyne::first_word;
using psyne::FixedRecords;
using psyne::Look;
using psyne::VariableRecords;
using psyne_test::LanePair;

using Eight = FixedRecords<8, 8>;
using Odd = FixedRecords<24, 8>;  // does not divide the ring: padding at every lap
using Large = FixedRecords<100, 64>;

template <class Records>
class LaneOf : public testing::Test {
 public:
  static constexpr std::uint64_t bytes = std::is_same_v<Records, Eight> ? 8 : std::is_same_v<Records, Odd> ? 24 : 100;
};
using AllRecords = testing::Types<Eight, Odd, Large, VariableRecords>;
TYPED_TEST_SUITE(LaneOf, AllRecords);

TYPED_TEST(LaneOf, GivesBackWhatWasCommittedInOrderThroughManyLaps) {
  LanePair<TypeParam> lane(4096);
  std::uint8_t sent = 0, received = 0;
  for (int round = 0; round < 2000; ++round) {
    const int burst = round % 7;
    for (int i = 0; i < burst && lane.send(this->bytes, sent); ++i) ++sent;
    while (lane.reader.look() == Look::record) {
      ASSERT_TRUE(lane.front_is(this->bytes, received++));
      ASSERT_EQ(reinterpret_cast<std::uintptr_t>(lane.reader.front().data()) % TypeParam::alignment, 0U);
      lane.reader.pop();
    }
    ASSERT_EQ(sent, received);
  }
}

TYPED_TEST(LaneOf, FullMeansFullUntilSomethingIsReleased) {
  LanePair<TypeParam> lane(4096);
  std::uint8_t sent = 0, received = 0;
  while (lane.send(this->bytes, sent)) ++sent;
  for (int round = 0; round < 500; ++round) {
    ASSERT_EQ(lane.writer.try_reserve(this->bytes), nullptr);
    ASSERT_EQ(lane.reader.look(), Look::record);
    ASSERT_TRUE(lane.front_is(this->bytes, received++));
    lane.reader.pop();
    while (lane.send(this->bytes, sent)) ++sent;  // at a wrap, padding may take the room of one
  }
  while (lane.reader.look() == Look::record) {
    ASSERT_TRUE(lane.front_is(this->bytes, received++));
    lane.reader.pop();
  }
  EXPECT_EQ(sent, received);
}

TYPED_TEST(LaneOf, NothingIsSeenBeforeItsCommit) {
  LanePair<TypeParam> lane(4096);
  for (int lap = 0; lap < 3000; ++lap) {
    ASSERT_NE(lane.writer.try_reserve(this->bytes), nullptr);
    ASSERT_EQ(lane.reader.look(), Look::empty) << "a stale word of an earlier lap looks committed";
    ASSERT_TRUE(lane.send(this->bytes, 1));
    ASSERT_EQ(lane.reader.look(), Look::record);
    lane.reader.pop();
  }
}

TYPED_TEST(LaneOf, ClosedIsSeenAfterEverythingElse) {
  LanePair<TypeParam> lane(4096);
  ASSERT_TRUE(lane.send(this->bytes, 1));
  lane.writer.close();
  ASSERT_EQ(lane.reader.look(), Look::record);
  lane.reader.pop();
  EXPECT_EQ(lane.reader.look(), Look::ended);
}

// A user's payload that holds what a word would look like, everywhere, must never be taken for a record.
TEST(Lane, PayloadThatLooksLikeWordsIsNeverTakenForRecords) {
  LanePair<VariableRecords> lane(4096);
  std::mt19937 random(7);
  for (int round = 0; round < 20'000; ++round) {
    const std::uint64_t bytes = random() % 1500;
    std::byte* place = lane.writer.try_reserve(bytes);
    ASSERT_NE(place, nullptr);
    const std::uint64_t base = lane.writer.position();
    for (std::uint64_t at = 0; at + 8 <= bytes; at += 8) {
      const std::uint64_t forged =
          psyne::Record::word(base + 8 + at + lane.capacity, 8);  // valid there in the next lap
      std::memcpy(place + at, &forged, sizeof forged);
    }
    lane.writer.commit(bytes);
    ASSERT_EQ(lane.reader.look(), Look::record);
    ASSERT_EQ(lane.reader.front().size(), bytes);
    lane.reader.pop();
    ASSERT_EQ(lane.reader.look(), Look::empty);
  }
}

TEST(Lane, TakesEveryRecordUpToHalfTheRingAtEveryOffset) {
  for (std::uint64_t step = 64; step <= 2048; step += 192) {
    LanePair<VariableRecords> lane(4096);
    for (int round = 0; round < 200; ++round) {
      const std::uint64_t bytes = round % 2 == 0 ? 2048 : step;
      ASSERT_TRUE(lane.send(bytes, 5)) << bytes << " at " << lane.writer.position();
      ASSERT_EQ(lane.reader.look(), Look::record);
      ASSERT_TRUE(lane.front_is(bytes, 5));
      lane.reader.pop();
      if (lane.writer.try_reserve(2048) == nullptr) {  // padding waits for the reader to step over it
        ASSERT_EQ(lane.reader.look(), Look::empty);
      }
    }
  }
}

TEST(Lane, ReleasesInAnyOrderAndPublishesFromTheOldestOn) {
  LanePair<Eight> lane(4096);
  std::vector<std::uint32_t> views;
  for (std::uint8_t i = 0; i < 8; ++i) {
    ASSERT_TRUE(lane.send(8, i));
    ASSERT_EQ(lane.reader.look(), Look::record);
    lane.reader.step();
    views.push_back(lane.reader.hold());
  }
  const auto cursor = [&] { return lane.consumer.cursor.load(); };
  const std::uint64_t begin = cursor();
  ASSERT_FALSE(lane.reader.release(views[2]));
  ASSERT_FALSE(lane.reader.release(views[1]));
  EXPECT_EQ(cursor(), begin) << "the oldest is still held";
  ASSERT_FALSE(lane.reader.release(views[0]));
  EXPECT_EQ(cursor(), begin + 3 * Eight::stride);
  for (std::size_t i = 7; i > 2; --i) ASSERT_FALSE(lane.reader.release(views[i]));
  EXPECT_EQ(cursor(), begin + 8 * Eight::stride);
  EXPECT_TRUE(lane.reader.retire());
}

TEST(Lane, ALookThatFindsNothingDoesNotReleaseWhatABatchSteppedOver) {
  LanePair<Odd> lane(4096);
  std::uint8_t sent = 0;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(lane.send(24, sent++));
  const std::byte* first = nullptr;
  while (lane.reader.look() == Look::record) {  // the last look finds nothing
    if (first == nullptr) first = lane.reader.front().data();
    lane.reader.step();
  }
  const std::byte before = *first;
  while (lane.send(24, sent)) ++sent;
  EXPECT_EQ(*first, before) << "overwritten in the hands of the reader";
  EXPECT_FALSE(lane.reader.release(lane.reader.hold()));
  EXPECT_TRUE(lane.send(24, sent)) << "released as one view";
}

TEST(Lane, TheLastReleaseAfterRetireSaysSo) {
  LanePair<Eight> lane(4096);
  std::vector<std::uint32_t> views;
  for (std::uint8_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(lane.send(8, i));
    ASSERT_EQ(lane.reader.look(), Look::record);
    lane.reader.step();
    views.push_back(lane.reader.hold());
  }
  EXPECT_FALSE(lane.reader.retire());
  EXPECT_FALSE(lane.reader.release(views[1]));
  EXPECT_FALSE(lane.reader.release(views[0]));
  EXPECT_TRUE(lane.reader.release(views[2]));
}

TEST(Lane, WakesASleepOnceAndOnlyASleeper) {
  LanePair<Eight> lane(4096);
  ASSERT_TRUE(lane.send(8, 0));
  EXPECT_EQ(lane.wire.wakes, 0) << "nobody sleeps: the writer pays nothing";
  for (int sleep = 1; sleep <= 3; ++sleep) {
    lane.reader.announce_sleep();
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(lane.send(8, 0));
    EXPECT_EQ(lane.wire.wakes, sleep);
    lane.reader.end_sleep();
    ASSERT_TRUE(lane.send(8, 0));
    EXPECT_EQ(lane.wire.wakes, sleep);
  }
  lane.writer.announce_sleep();
  while (lane.reader.look() == Look::record) lane.reader.pop();
  EXPECT_EQ(lane.source.wakes, 1);
}

TEST(Lane, ManyRecordsAreReservedAndPublishedAtOnce) {
  LanePair<Odd> lane(4096);
  std::uint64_t sent = 0, received = 0;
  for (int round = 0; round < 1000; ++round) {
    const std::size_t count = lane.writer.try_reserve_many(50, 24);
    ASSERT_LE(count, 50U);
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t value = sent + i;
      std::memcpy(lane.writer.reserved(i), &value, sizeof value);
    }
    EXPECT_EQ(lane.reader.look(), Look::empty);
    lane.writer.commit_many(count, 24);
    sent += count;
    while (lane.reader.look() == Look::record) {
      std::uint64_t value = 0;
      std::memcpy(&value, lane.reader.front().data(), sizeof value);
      ASSERT_EQ(value, received++);
      lane.reader.pop();
    }
    ASSERT_EQ(sent, received);
  }
  EXPECT_GT(sent, 1000U);
}

// A batch: records are stepped over, the next look finds nothing, and only then they become one view.
TYPED_TEST(LaneOf, WhatWasSteppedOverIsNotGivenBackByALookThatFindsNothing) {
  LanePair<TypeParam> lane(4096);
  while (lane.send(this->bytes, 0)) {
  }
  while (lane.reader.look() == Look::record) lane.reader.step();
  ASSERT_EQ(lane.reader.look(), Look::empty);
  EXPECT_FALSE(lane.send(this->bytes, 0)) << "the program still reads all of them";
  const std::uint32_t view = lane.reader.hold();
  ASSERT_EQ(lane.reader.look(), Look::empty);
  EXPECT_FALSE(lane.send(this->bytes, 0));
  EXPECT_FALSE(lane.reader.release(view));
  EXPECT_TRUE(lane.send(this->bytes, 0));
}

TEST(Lane, ARemovedReaderLeavesWhatItHadNotReleasedOrGivesUpWhatItTook) {
  for (const bool again : {true, false}) {
    LanePair<Eight> lane(4096);
    for (std::uint8_t i = 0; i < 10; ++i) ASSERT_TRUE(lane.send(8, i));
    for (int i = 0; i < 2; ++i) {
      ASSERT_EQ(lane.reader.look(), Look::record);
      lane.reader.pop();
    }
    for (int i = 0; i < 3; ++i) {
      ASSERT_EQ(lane.reader.look(), Look::record);
      lane.reader.step();
      static_cast<void>(lane.reader.hold());
    }
    EXPECT_EQ(lane.writer.remove_reader(lane.wire, again), again ? 0U : 3U);
    EXPECT_EQ(lane.writer.oldest(), first_word<Eight> + (again ? 2 : 5) * Eight::stride);
  }
}

// What a hostile producer can write into every word it owns: the reader ends with an error or with records inside the
// ring.
TEST(Lane, ReaderStaysInsideTheRingWhateverTheProducerWrites) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 3000; ++round) {
    LanePair<VariableRecords> lane(4096);
    for (std::uint64_t at = 0; at < lane.capacity; at += 8) {
      const std::uint64_t position = at + lane.capacity * (random() % 3);
      std::uint64_t word =
          random() % 4 == 0 ? random() : psyne::Record::word(position, static_cast<std::uint32_t>(random() % 5000));
      if (random() % 8 == 0) word = psyne::Record::word(position, psyne::Record::padding);
      std::memcpy(lane.ring + at, &word, sizeof word);
    }
    lane.block.closed_at.store(random());
    for (int i = 0; i < 2000; ++i) {
      const Look look = lane.reader.look();
      if (look != Look::record) break;
      const auto front = lane.reader.front();
      ASSERT_GE(front.data(), lane.ring);
      ASSERT_LE(front.data() + front.size(), lane.ring + lane.capacity);
      lane.reader.pop();
    }
  }
}

TEST(Lane, WriterCatchesAReaderWhoseCursorLies) {
  for (const std::uint64_t lie : {std::uint64_t{1} << 40, ~std::uint64_t{0}, std::uint64_t{1}}) {
    LanePair<Eight> lane(4096);
    for (int i = 0; i < 100; ++i) {
      ASSERT_TRUE(lane.send(8, 0));
      ASSERT_EQ(lane.reader.look(), Look::record);
      lane.reader.pop();
    }
    static_cast<void>(lane.writer.released());
    ASSERT_EQ(lane.writer.bad_reader(), nullptr);
    lane.consumer.cursor.store(lie);
    static_cast<void>(lane.writer.released());
    EXPECT_EQ(lane.writer.bad_reader(), &lane.wire) << lie;
    std::uint64_t room = 0;
    while (lane.send(8, 0) && room < 1000) ++room;
    EXPECT_LE(room, lane.capacity / Eight::stride) << "a lie never lets more than a ring be written";
    lane.writer.remove_reader(lane.wire, true);
    EXPECT_EQ(lane.writer.bad_reader(), nullptr) << "its successor is not the liar, wherever it lies in memory";
  }
}

TEST(Lane, DropOldestFreesWholeRecordsButNeverTheOneBeingRead) {
  LanePair<VariableRecords> lane(4096, true);
  std::uint8_t sent = 0;
  while (lane.send(100, sent)) ++sent;
  EXPECT_EQ(lane.writer.try_reserve(1000), nullptr);
  const std::uint64_t dropped = lane.writer.drop_oldest(1000);
  EXPECT_GT(dropped, 0U);
  ASSERT_TRUE(lane.send(1000, 77));
  ASSERT_EQ(lane.reader.look(), Look::record);
  EXPECT_TRUE(lane.front_is(100, static_cast<std::uint8_t>(dropped)));

  while (lane.send(100, 1)) {
  }
  EXPECT_EQ(lane.writer.drop_oldest(1000), 0U) << "its front is being read";
  EXPECT_TRUE(lane.front_is(100, static_cast<std::uint8_t>(dropped)));
  lane.reader.pop();
  EXPECT_EQ(lane.reader.look(), Look::record);
}

// A hostile producer's: positions would wrap, and the reader would go from floor to padding and back for ever.
TEST(Lane, AFloorWhereNoLaneGetsIsCorrupted) {
  LanePair<Eight> lane(4096, true);
  const std::uint64_t floor = ~std::uint64_t{0} - 4095 + psyne::first_word<Eight>;
  const std::uint64_t word = psyne::Record::word(floor, psyne::Record::padding);
  std::memcpy(lane.ring + (floor & 4095), &word, sizeof word);
  lane.block.floor.store(floor + Eight::stride);
  std::memcpy(lane.ring + ((floor + Eight::stride) & 4095), &word, sizeof word);
  EXPECT_EQ(lane.reader.look(), Look::corrupted);
}

}  // namespace
