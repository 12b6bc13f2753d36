#include "pair/payload.hpp"

#include "pair/samples.hpp"

#include <gtest/gtest.h>

namespace psyne::bench {
namespace {

TEST(Payload, WhatWasFilledIsAccepted) {
  const Buffers buffers(1, 4096);
  for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{12345}, ~std::uint64_t{0}}) {
    fill(buffers[0], seed);
    EXPECT_NO_THROW(check(buffers[0], seed));
  }
}

TEST(Payload, EveryByteIsLookedAt) {
  const Buffers buffers(1, 512);
  fill(buffers[0], 3);
  for (std::size_t at = 0; at < 512; ++at) {
    buffers[0][at] ^= std::byte{1};
    EXPECT_THROW(check(buffers[0], 3), std::runtime_error) << "byte " << at;
    buffers[0][at] ^= std::byte{1};
  }
}

TEST(Payload, AnotherMessagesPayloadIsRefused) {
  const Buffers buffers(1, 64);
  fill(buffers[0], 3);
  EXPECT_THROW(check(buffers[0], 4), std::runtime_error);
}

TEST(Payload, AStampIsInTheFirstAndTheLastWord) {
  const Buffers buffers(1, 64);
  stamp(buffers[0], 9);
  EXPECT_NO_THROW(check_stamp(buffers[0], 9));
  EXPECT_THROW(check_stamp(buffers[0], 8), std::runtime_error);
  for (const std::size_t at : {std::size_t{0}, std::size_t{7}, std::size_t{56}, std::size_t{63}}) {
    buffers[0][at] ^= std::byte{1};
    EXPECT_THROW(check_stamp(buffers[0], 9), std::runtime_error) << "byte " << at;
    buffers[0][at] ^= std::byte{1};
  }
}

TEST(Payload, TheSmallestMessageIsOneWord) {
  const Buffers buffers(1, 8);
  stamp(buffers[0], 5);
  EXPECT_NO_THROW(check_stamp(buffers[0], 5));
}

TEST(Buffers, LieOnPagesOfTheirOwn) {
  const Buffers buffers(3, 100);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(buffers[i].size(), 100u);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffers[i].data()) % 4096, 0u);
  }
  EXPECT_EQ(buffers[1].data() - buffers[0].data(), 4096);
}

TEST(Samples, TheMedianIsTheMiddleOne) {
  EXPECT_EQ(median({5}), 5);
  EXPECT_EQ(median({9, 1, 5}), 5);
  EXPECT_EQ(median({9, 1, 7, 5}), 7);
}

}  // namespace
}  // namespace psyne::bench
