#include <psyne/core/ring/spsc_record_ring.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using psyne::Code;
using Ring = psyne::SpscRecordRing<>;

std::byte byte_of(std::uint64_t seed, std::size_t index) { return static_cast<std::byte>(seed * 131 + index * 7); }

void fill(std::span<std::byte> record, std::uint64_t seed) {
  for (std::size_t i = 0; i < record.size(); ++i) record[i] = byte_of(seed, i);
}

bool filled(std::span<const std::byte> record, std::uint64_t seed) {
  for (std::size_t i = 0; i < record.size(); ++i) {
    if (record[i] != byte_of(seed, i)) return false;
  }
  return true;
}

TEST(SpscRecordRing, IsEmptyAtFirst) {
  Ring ring;
  EXPECT_TRUE(ring.empty());
  EXPECT_EQ(ring.used(), 0u);
  EXPECT_EQ(ring.next().error().code(), Code::would_block);
  ring.release();
  EXPECT_EQ(ring.next().error().code(), Code::would_block);
}

TEST(SpscRecordRing, ARecordIsSeenOnlyWhenCommitted) {
  Ring ring({.capacity_bytes = 256});
  fill(ring.reserve(10).value(), 1);
  EXPECT_TRUE(ring.empty());
  EXPECT_EQ(ring.next().error().code(), Code::would_block);
  ring.commit();
  EXPECT_FALSE(ring.empty());
  auto record = ring.next();
  ASSERT_TRUE(record);
  EXPECT_EQ(record->size(), 10u);
  EXPECT_TRUE(filled(*record, 1));
  EXPECT_TRUE(ring.empty());
  EXPECT_GT(ring.used(), 0u) << "seen is not released";
  ring.release();
  EXPECT_EQ(ring.used(), 0u);
}

// Any record up to half the ring fits once the ring is empty, wherever the last one ended.
TEST(SpscRecordRing, EveryLengthFitsAtEveryPlace) {
  for (const std::size_t capacity : {std::size_t{0}, std::size_t{1}, std::size_t{15}, std::size_t{16}, std::size_t{100},
                                     std::size_t{128}, std::size_t{129}, std::size_t{250}}) {
    for (std::size_t before = 0; before <= capacity / 2; ++before) {
      for (const std::size_t length :
           {capacity / 2, capacity / 2 > 0 ? capacity / 2 - 1 : 0, capacity / 3, std::size_t{0}}) {
        Ring ring({.capacity_bytes = capacity});
        ASSERT_EQ(ring.largest(), capacity / 2);
        for (std::uint64_t seed = 0; seed < 9; ++seed) {
          for (const std::size_t bytes : {before, length}) {
            ASSERT_TRUE(ring.writable(bytes)) << capacity << ' ' << before << ' ' << length;
            auto draft = ring.reserve(bytes);
            ASSERT_TRUE(draft) << capacity << ' ' << before << ' ' << length;
            ASSERT_EQ(draft->size(), bytes);
            ASSERT_EQ(reinterpret_cast<std::uintptr_t>(draft->data()) % 8, 0u);
            fill(*draft, seed);
            ring.commit();
            auto record = ring.next();
            ASSERT_TRUE(record);
            ASSERT_EQ(record->size(), bytes);
            ASSERT_TRUE(filled(*record, seed));
            ring.release();
          }
        }
      }
    }
  }
}

TEST(SpscRecordRing, ALongerRecordIsAnErrorThatNamesTheOption) {
  Ring ring({.capacity_bytes = 1000});
  EXPECT_TRUE(ring.writable(500));
  EXPECT_FALSE(ring.writable(501));
  for (const std::size_t bytes : {std::size_t{501}, std::numeric_limits<std::size_t>::max()}) {
    auto draft = ring.reserve(bytes);
    ASSERT_FALSE(draft);
    EXPECT_EQ(draft.error().code(), Code::too_large);
    EXPECT_NE(draft.error().text().find("capacity_bytes"), std::string::npos);
    EXPECT_NE(draft.error().text().find(std::to_string(bytes)), std::string::npos);
  }
  EXPECT_TRUE(ring.reserve(500)) << "the refusal changed nothing";
}

TEST(SpscRecordRing, ACapacityThatCannotBeAddressedThrows) {
  EXPECT_THROW(Ring({.capacity_bytes = std::numeric_limits<std::size_t>::max()}), std::length_error);
}

TEST(SpscRecordRing, AFullRingHasRoomAgainAfterARelease) {
  Ring ring({.capacity_bytes = 128});
  std::uint64_t next = 0, oldest = 0;
  for (int lap = 0; lap < 50; ++lap) {
    while (ring.writable(24)) {
      fill(ring.reserve(24).value(), next++);
      ring.commit();
    }
    ASSERT_EQ(ring.reserve(24).error().code(), Code::would_block);
    ASSERT_GE(next - oldest, 4u) << "4 * (24 + 8) = 128";
    auto record = ring.next();
    ASSERT_TRUE(filled(record.value(), oldest));
    ASSERT_FALSE(ring.writable(24)) << "seen but not released";
    ring.release();
    ++oldest;
    ASSERT_TRUE(ring.writable(24));
  }
}

TEST(SpscRecordRing, ABatchIsPublishedAndReleasedTogether) {
  Ring ring({.capacity_bytes = 512});
  std::uint64_t next = 0, oldest = 0;
  for (int turn = 0; turn < 100; ++turn) {
    const std::size_t count = 1 + static_cast<std::size_t>(turn) % 5;
    for (std::size_t i = 0; i < count; ++i) {
      fill(ring.reserve(1 + (next * 13) % 60).value(), next);
      ++next;
      ASSERT_TRUE(ring.empty());
    }
    ring.commit();
    const std::size_t used = ring.used();
    std::vector<std::span<std::byte>> batch;
    while (auto record = ring.next()) batch.push_back(*record);
    ASSERT_EQ(batch.size(), count);
    ASSERT_EQ(ring.used(), used);
    for (const auto& record : batch) {
      ASSERT_EQ(record.size(), 1 + (oldest * 13) % 60);
      ASSERT_TRUE(filled(record, oldest++)) << "records stay whole until the release";
    }
    ring.release();
    ASSERT_EQ(ring.used(), 0u);
  }
}

TEST(SpscRecordRing, TrimKeepsTheFrontOfTheLastRecordAndFreesTheRest) {
  Ring ring({.capacity_bytes = 256});
  EXPECT_EQ(ring.trim(0).error().code(), Code::invalid_state);
  for (std::uint64_t turn = 0; turn < 60; ++turn) {
    fill(ring.reserve(8).value(), turn);
    fill(ring.reserve(64).value(), turn + 1);
    EXPECT_EQ(ring.trim(65).error().code(), Code::invalid_argument);
    const std::size_t kept = turn % 65;
    ASSERT_TRUE(ring.trim(kept));
    ring.commit();
    EXPECT_EQ(ring.trim(0).error().code(), Code::invalid_state) << "committed is committed";
    ASSERT_TRUE(filled(ring.next().value(), turn));
    auto record = ring.next();
    ASSERT_EQ(record->size(), kept);
    ASSERT_TRUE(filled(*record, turn + 1));
    ASSERT_EQ(ring.next().error().code(), Code::would_block);
    ring.release();
  }
}

TEST(SpscRecordRing, AnAbandonedRecordNeverWas) {
  Ring ring({.capacity_bytes = 128});
  for (std::uint64_t turn = 0; turn < 60; ++turn) {
    fill(ring.reserve(turn % 40).value(), 999);
    static_cast<void>(ring.reserve(30));
    ring.abandon();
    ASSERT_EQ(ring.used(), 0u);
    fill(ring.reserve(turn % 50).value(), turn);
    ring.commit();
    ring.abandon();
    auto record = ring.next();
    ASSERT_EQ(record->size(), turn % 50);
    ASSERT_TRUE(filled(*record, turn));
    ASSERT_TRUE(ring.empty());
    ring.release();
  }
}

TEST(SpscRecordRing, CommitAndReleaseOfNothingChangeNothing) {
  Ring ring({.capacity_bytes = 64});
  ring.commit();
  ring.release();
  EXPECT_TRUE(ring.empty());
  fill(ring.reserve(5).value(), 3);
  ring.commit();
  ring.commit();
  ring.release();
  EXPECT_TRUE(filled(ring.next().value(), 3)) << "a release before next() gave back nothing";
  ring.release();
  ring.release();
  EXPECT_EQ(ring.used(), 0u);
}

TEST(SpscRecordRing, AClosedRingDrainsThenSaysSo) {
  Ring ring({.capacity_bytes = 64});
  fill(ring.reserve(5).value(), 1);
  ring.commit();
  ring.close();
  EXPECT_EQ(ring.reserve(5).error().code(), Code::closed);
  EXPECT_TRUE(filled(ring.next().value(), 1));
  ring.release();
  EXPECT_EQ(ring.next().error().code(), Code::closed);
}

struct Sizes {
  std::size_t capacity, smallest, largest, batch;
};

class SpscRecordRingBetweenThreads : public testing::TestWithParam<Sizes> {};

TEST_P(SpscRecordRingBetweenThreads, EveryRecordArrivesWholeAndInOrder) {
  constexpr std::uint64_t records = 20'000;
  const Sizes sizes = GetParam();
  const auto length_of = [&](std::uint64_t seed) {
    return sizes.smallest + (seed * 0x9E3779B97F4A7C15u >> 32) % (sizes.largest - sizes.smallest + 1);
  };
  Ring ring({.capacity_bytes = sizes.capacity});
  std::thread producer([&] {
    std::size_t open = 0;
    for (std::uint64_t seed = 0; seed < records;) {
      auto draft = ring.reserve(length_of(seed));
      if (draft) {
        fill(*draft, seed++);
        if (++open < sizes.batch) continue;
      }
      ring.commit();
      open = 0;
      if (!draft) std::this_thread::yield();
    }
    ring.commit();
    ring.close();
  });
  std::uint64_t seed = 0, wrong = 0;
  for (std::size_t seen = 0;;) {
    auto record = ring.next();
    if (record) {
      wrong += record->size() != length_of(seed) || !filled(*record, seed);
      ++seed;
      if (++seen < sizes.batch) continue;
    } else if (record.error() == Code::closed) {
      break;
    } else {
      std::this_thread::yield();
    }
    ring.release();
    seen = 0;
  }
  producer.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(seed, records);
}

INSTANTIATE_TEST_SUITE_P(Lengths, SpscRecordRingBetweenThreads,
                         testing::Values(Sizes{16, 0, 8, 1}, Sizes{128, 64, 64, 1}, Sizes{256, 55, 73, 1},
                                         Sizes{256, 119, 128, 1}, Sizes{1000, 0, 500, 1}, Sizes{1000, 0, 500, 4},
                                         Sizes{4096, 1, 200, 16}, Sizes{65536, 0, 3000, 3}));

}  // namespace
