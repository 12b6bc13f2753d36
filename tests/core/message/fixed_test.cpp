#include <psyne/core/message/message.hpp>

#include <gtest/gtest.h>

#include <complex>
#include <cstdint>
#include <cstring>
#include <string>
#include <tuple>
#include <type_traits>

namespace {

using psyne::Code;
using psyne::FixedMessage;
using psyne::Mat;
using psyne::Message;
using psyne::schema_hash;
using psyne::Vec;

struct Tick {
  std::uint64_t time_ns;
  double price;
};
struct SameFields {
  std::int64_t other;
  double price;
};
struct Named {
  static constexpr std::string_view psyne_name = "Tick";
  std::uint64_t time_ns;
  double price;
};
struct Deep {
  bool flag;
  Tick ticks[2][3];
  std::complex<float> phase;
  std::array<std::array<short, 2>, 3> table;
};
struct Line {
  std::array<char, 64> bytes;
};
struct Line1 {
  std::array<char, 65> bytes;
};

TEST(FixedMessage, AlignsWhatIsBiggerThanALineToALine) {
  static_assert(Message<char>::alignment == 1);
  static_assert(Message<Tick>::alignment == 8);
  static_assert(Message<Line>::alignment == 1);
  static_assert(Message<Line1>::alignment == 64);
  static_assert(FixedMessage<Tick> && FixedMessage<Vec<float, 3>> && !FixedMessage<psyne::FloatVector>);
}

TEST(FixedMessage, DescribesItselfByItsFields) {
  EXPECT_EQ(Message<double>::describe(), "f64");
  EXPECT_EQ(Message<bool>::describe(), "bool");
  EXPECT_EQ(Message<Tick>::describe(), "Tick{u64@0,f64@8;16;8}");
  EXPECT_EQ(Message<Deep>::describe(), "Deep{bool@0,{u64@0,f64@8;16;8}[2][3]@8,complex64@104,i16[3][2]@112;128;8}");
  EXPECT_EQ((Message<std::array<Tick, 4>>::describe()), "{u64@0,f64@8;16;8}[4]");
  EXPECT_EQ((Message<Vec<float, 3>>::describe()), "Vec<float, 3>{f32[3]@0;12;4}");
}

TEST(FixedMessage, TheSchemaIsTheHashOfThatTextWithoutTheTypesName) {
  static_assert(Message<Tick>::schema == schema_hash("{u64@0,f64@8;16;8}"));
  static_assert(Message<double>::schema == schema_hash("f64"));
  static_assert(Message<Tick>::schema != Message<SameFields>::schema);
  static_assert(Message<std::uint32_t>::schema != Message<float>::schema);
}

TEST(FixedMessage, ANameIsPartOfTheSchemaOnlyByChoice) {
  static_assert(Message<Named>::schema == schema_hash("Tick:{u64@0,f64@8;16;8}"));
  EXPECT_EQ(Message<Named>::describe(), "Tick:{u64@0,f64@8;16;8}");
}

enum class Side : std::uint8_t { buy = 1, sell = 2 };
[[maybe_unused]] constexpr bool psyne_valid(Side side) { return side == Side::buy || side == Side::sell; }
enum class Free : std::uint16_t { some };
struct Order {
  std::uint32_t symbol;
  bool hidden;
  Side sides[2];
  Free free;
};

template <class T>
T with_byte(T value, std::size_t at, std::uint8_t byte) {
  std::memcpy(reinterpret_cast<std::byte*>(&value) + at, &byte, 1);
  return value;
}

TEST(FixedMessage, ABoolIsZeroOrOneAndACheckedEnumOneOfItsValues) {
  static_assert(Message<Order>::needs_check);
  const Order good{7, true, {Side::buy, Side::sell}, Free::some};
  EXPECT_TRUE(Message<Order>::check(good));
  for (int byte = 0; byte < 256; ++byte) {
    const auto raw = static_cast<std::uint8_t>(byte);
    EXPECT_EQ(Message<Order>::check(with_byte(good, offsetof(Order, hidden), raw)).has_value(), byte < 2) << byte;
    EXPECT_EQ(Message<Order>::check(with_byte(good, offsetof(Order, sides) + 1, raw)).has_value(),
              byte == 1 || byte == 2)
        << byte;
    EXPECT_TRUE(Message<Order>::check(with_byte(good, offsetof(Order, free), raw))) << byte;
  }
}

TEST(FixedMessage, ABadValueIsNamedWithItsPlace) {
  const auto error =
      Message<Order>::check(with_byte(Order{7, true, {Side::buy, Side::sell}, Free::some}, 4, 9)).error();
  EXPECT_EQ(error, Code::corrupted);
  EXPECT_NE(error.text().find("the bool at byte 4 holds 9"), std::string::npos) << error.text();
}

TEST(FixedMessage, WhatHasNoBadBytesNeedsNoCheck) {
  static_assert(!Message<Tick>::needs_check);
  static_assert(!Message<Free>::needs_check);
  static_assert(Message<bool>::needs_check && Message<Side>::needs_check);
  static_assert(Message<std::array<Order, 2>>::needs_check);
}

TEST(Vec, IsIndexedAndCompared) {
  Vec<float, 3> position{{1, 2, 3}};
  position[1] = 5;
  float sum = 0;
  for (const float part : position) sum += part;
  EXPECT_EQ(sum, 9);
  EXPECT_EQ(position, (Vec<float, 3>{{1, 5, 3}}));
  EXPECT_EQ(position.size(), 3u);
}

TEST(Mat, LiesRowAfterRow) {
  Mat<int, 2, 3> matrix;
  matrix(1, 0) = 7;
  EXPECT_EQ(matrix.values[3], 7);
  EXPECT_EQ(matrix.rows(), 2u);
  EXPECT_EQ(matrix.columns(), 3u);
}

}  // namespace
