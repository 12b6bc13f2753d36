#include <psyne/core/channel/unpacking.hpp>
#include <psyne/core/compression/packer.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <vector>

namespace {

using psyne::Compress;
using psyne::Unpacking;

constexpr std::uint64_t most = 64 * 1024;

TEST(Unpacking, MemoryThatIsInUseIsNotGivenAgain) {
  Unpacking unpacking(Compress::lz4, most);
  const auto first = unpacking.room(5000, 100, 0);
  const auto second = unpacking.room(5000, 200, 99);
  ASSERT_EQ(first.size(), 5000U);
  ASSERT_EQ(second.size(), 5000U);
  EXPECT_NE(first.data(), second.data());
  EXPECT_EQ(unpacking.room(4000, 300, 100).data(), first.data()) << "its record was given back";
  EXPECT_EQ(unpacking.room(5000, 400, 200).data(), second.data());
}

TEST(Unpacking, AllTogetherIsNoMoreThanARing) {
  Unpacking unpacking(Compress::lz4, most);
  for (std::uint64_t end = 1; end <= 8; ++end) EXPECT_FALSE(unpacking.room(8000, end, 0).empty());
  EXPECT_TRUE(unpacking.room(1, 9, 0).empty());
  EXPECT_TRUE(unpacking.room(most / 2, 9, 3).empty()) << "three of eight parts are free";
  EXPECT_FALSE(unpacking.room(most / 2, 9, 4).empty()) << "four small ones make way for a large one";
  EXPECT_TRUE(unpacking.room(1, 10, 4).empty());
  EXPECT_FALSE(unpacking.room(1, 10, 5).empty());
}

TEST(Unpacking, TheLargestMessageAlwaysFitsWhereNothingIsHeld) {
  Unpacking unpacking(Compress::lz4, most);
  std::uint64_t end = 0;
  for (std::uint64_t bytes = 1; bytes <= most / 2; bytes += 97) {
    const auto room = unpacking.room(bytes, end + 1, end);
    ASSERT_EQ(room.size(), bytes);
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(room.data()) % 64, 0U);
    std::memset(room.data(), 1, room.size());
    ++end;
  }
}

TEST(Unpacking, WhatIsLookedAtForNowHasRoomBesideAllThatIsHeld) {
  Unpacking unpacking(Compress::zstd, most);
  EXPECT_FALSE(unpacking.room(most / 2, 1, 0).empty());
  EXPECT_FALSE(unpacking.room(most / 2, 2, 0).empty());
  const auto now = unpacking.room_for_now(most / 2);
  ASSERT_EQ(now.size(), most / 2);
  EXPECT_EQ(unpacking.room_for_now(10).data(), now.data());
}

TEST(Unpacking, UnpacksWhatWasPackedAndNothingElse) {
  const std::vector<std::byte> message(10'000, std::byte{7});
  std::vector<std::byte> packed(message.size());
  packed.resize(psyne::Packer(Compress::zstd, 1).pack(message, packed));
  Unpacking unpacking(Compress::zstd, most);
  std::vector<std::byte> got(message.size());
  EXPECT_TRUE(unpacking.unpack(packed, got));
  EXPECT_EQ(got, message);
  EXPECT_FALSE(unpacking.unpack(std::span(packed).first(packed.size() - 1), got));
  EXPECT_FALSE(unpacking.unpack({}, got));
}

}  // namespace
