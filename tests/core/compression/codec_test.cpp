#include <psyne/core/compression/packer.hpp>
#include <psyne/core/compression/unpacker.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

// Bytes packed and unpacked by each codec; and strangers' bytes, which may be anything.
namespace {

using psyne::Compress;
using psyne::Packer;
using psyne::Unpacker;
using Bytes = std::vector<std::byte>;

/// Exactly so many, so that a sanitizer sees the first byte beyond.
class Exactly {
 public:
  explicit Exactly(std::size_t bytes) : memory_(std::make_unique_for_overwrite<std::byte[]>(bytes)), bytes_(bytes) {}
  explicit Exactly(std::span<const std::byte> from) : Exactly(from.size()) { std::ranges::copy(from, memory_.get()); }
  std::span<std::byte> span() { return {memory_.get(), bytes_}; }

 private:
  std::unique_ptr<std::byte[]> memory_;
  std::size_t bytes_;
};

Bytes noise(std::size_t bytes, unsigned letters = 256) {
  std::mt19937 random(static_cast<unsigned>(bytes));
  Bytes made(bytes);
  for (std::byte& byte : made) byte = static_cast<std::byte>(random() % letters);
  return made;
}

class Codec : public testing::TestWithParam<Compress> {
 protected:
  Bytes packed(std::span<const std::byte> from) {
    Bytes into(2 * from.size() + 1024);
    into.resize(packer.pack(from, into));
    return into;
  }

  Packer packer{GetParam(), 3};
  Unpacker unpacker{GetParam()};
};

TEST_P(Codec, GivesBackWhatItWasGiven) {
  for (const unsigned letters : {1U, 2U, 16U, 256U}) {
    for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, std::size_t{7}, std::size_t{64}, std::size_t{1000},
                                    std::size_t{65536}, std::size_t{1'000'003}}) {
      const Bytes from = noise(bytes, letters);
      Exactly shorter(packed(from));
      ASSERT_GT(shorter.span().size(), 0U);
      Exactly back(bytes);
      ASSERT_TRUE(unpacker.unpack(shorter.span(), back.span())) << bytes;
      EXPECT_TRUE(std::ranges::equal(back.span(), from)) << bytes;
    }
  }
}

TEST_P(Codec, MakesShorterWhatRepeatsItself) { EXPECT_LT(packed(Bytes(1'000'000)).size(), 10'000U); }

// The room is the caller's decision: too little of it is told, and not exceeded.
TEST_P(Codec, WritesNothingBeyondItsRoom) {
  const Bytes from = noise(5000, 4);
  const std::size_t needed = packed(from).size();
  for (std::size_t room = 0; room < needed; room += 1 + room / 8) {
    Exactly into(room);
    EXPECT_EQ(packer.pack(from, into.span()), 0U) << room;
  }
  for (const std::size_t room : {from.size() - 1, from.size() / 8}) {
    Exactly into(room);
    EXPECT_EQ(packer.pack(noise(5000), into.span()), 0U) << "noise does not shrink";
  }
  Exactly enough(from.size());
  EXPECT_EQ(packer.pack(from, enough.span()), needed);
}

TEST_P(Codec, RefusesAnyOtherLength) {
  const Bytes from = noise(5000, 4);
  const Bytes shorter = packed(from);
  for (const std::size_t wrong :
       {std::size_t{0}, std::size_t{1}, std::size_t{4999}, std::size_t{5001}, std::size_t{9999}}) {
    Exactly back(wrong);
    EXPECT_FALSE(unpacker.unpack(shorter, back.span())) << wrong;
  }
}

TEST_P(Codec, RefusesWhatWasCutOff) {
  const Bytes from = noise(3000, 4);
  const Bytes shorter = packed(from);
  for (std::size_t left = 0; left < shorter.size(); left += 1 + left / 64) {
    Exactly cut{std::span<const std::byte>(shorter).first(left)};
    Exactly back(from.size());
    EXPECT_FALSE(unpacker.unpack(cut.span(), back.span())) << left;
  }
}

// Damaged anywhere: another content at most, and nothing outside is touched, which the sanitizers see.
TEST_P(Codec, StaysInsideWhateverTheBytesAre) {
  std::mt19937 random(5);
  const Bytes from = noise(3000, 4);
  const Bytes shorter = packed(from);
  for (int round = 0; round < 2000; ++round) {
    Exactly damaged(shorter);
    for (unsigned change = 0; change <= random() % 4; ++change) {
      damaged.span()[random() % shorter.size()] = static_cast<std::byte>(random());
    }
    Exactly back(round % 2 == 0 ? from.size() : random() % 4000);
    static_cast<void>(unpacker.unpack(damaged.span(), back.span()));
  }
  for (int round = 0; round < 2000; ++round) {
    Exactly any(noise(random() % 200));
    Exactly back(random() % 4000);
    static_cast<void>(unpacker.unpack(any.span(), back.span()));
  }
  Exactly back(from.size());
  EXPECT_TRUE(unpacker.unpack(shorter, back.span())) << "all that has left nothing behind";
}

// A million bytes that say that they are a thousand.
TEST_P(Codec, ABombFillsNoMoreThanItsRoom) {
  const Bytes bomb = packed(Bytes(1'000'000));
  Exactly back(1000);
  EXPECT_FALSE(unpacker.unpack(bomb, back.span()));
}

INSTANTIATE_TEST_SUITE_P(EachCodec, Codec, testing::Values(Compress::lz4, Compress::zstd),
                         [](const auto& codec) { return codec.param == Compress::lz4 ? "lz4" : "zstd"; });

TEST(Packer, AHigherLevelOfZstandardPacksBetter) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += std::to_string(i * 7919 % 10'007) + " ";
  const auto bytes = std::as_bytes(std::span(text));
  Bytes into(text.size());
  Packer fast(Compress::zstd, 1);
  Packer slow(Compress::zstd, Packer::most_level());
  EXPECT_LT(slow.pack(bytes, into), fast.pack(bytes, into));
}

}  // namespace
