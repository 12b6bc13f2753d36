#include <psyne/core/message/tensor/small_float.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>

namespace {

using psyne::BFloat16;
using psyne::Float16;
using psyne::Float8E4M3;
using psyne::Float8E5M2;

template <class Small>
class SmallFloats : public testing::Test {};
using Types = testing::Types<Float16, BFloat16, Float8E4M3, Float8E5M2>;
TYPED_TEST_SUITE(SmallFloats, Types);

template <class Small>
constexpr std::uint32_t codes = 1u << (8 * sizeof(Small));

template <class Small>
float decoded(std::uint32_t code) {
  return static_cast<float>(Small::from_bits(static_cast<typename Small::Bits>(code)));
}

template <class Small>
double largest() {
  std::uint32_t code = codes<Small> / 2 - 1;
  while (!std::isfinite(decoded<Small>(code))) --code;
  return static_cast<double>(decoded<Small>(code));
}

// By definition: the code whose value is nearest, of two equally near the even one. The largest step beyond the largest
// finite number counts as infinity, so that what rounds up to it overflows.
template <class Small>
std::uint32_t nearest(double real) {
  // Far beyond every finite number the distances to all of them would be equal in double.
  const double magnitude = std::min(std::abs(real), 2 * largest<Small>());
  std::uint32_t best = 0;
  double distance = std::numeric_limits<double>::infinity();
  double previous = 0, step = 0;
  for (std::uint32_t code = 0; code < codes<Small> / 2; ++code) {
    const double value = static_cast<double>(decoded<Small>(code));
    const bool finite = std::isfinite(value);
    if (finite) step = value - previous;
    const double place = finite ? value : previous + step;
    const double away = std::abs(magnitude - place);
    if (away < distance || (away == distance && code % 2 == 0)) {
      best = code;
      distance = away;
    }
    if (!finite) break;
    previous = value;
  }
  return best | (std::signbit(real) ? codes<Small> / 2 : 0);
}

TYPED_TEST(SmallFloats, EveryCodeSurvivesTheWayToFloatAndBack) {
  for (std::uint32_t code = 0; code < codes<TypeParam>; ++code) {
    const float value = decoded<TypeParam>(code);
    const TypeParam back(value);
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(static_cast<float>(back))) << code;
    } else {
      ASSERT_EQ(back.bits(), code) << value;
    }
  }
}

TYPED_TEST(SmallFloats, ValuesRiseWithTheirCodes) {
  for (std::uint32_t code = 1; code < codes<TypeParam> / 2; ++code) {
    const float value = decoded<TypeParam>(code);
    if (std::isnan(value)) break;
    ASSERT_GT(value, decoded<TypeParam>(code - 1)) << code;
    ASSERT_EQ(decoded<TypeParam>(code | codes<TypeParam> / 2), -value) << code;
  }
}

TYPED_TEST(SmallFloats, AFloatBecomesTheNearestCode) {
  std::mt19937 random(7);
  const std::uint32_t rounds = sizeof(TypeParam) == 1 ? 20'000 : 300;
  for (std::uint32_t round = 0; round < rounds; ++round) {
    // Near a code's value, or exactly between two, since there the rounding is decided; any float otherwise.
    const auto code = static_cast<std::uint32_t>(random() % (codes<TypeParam> / 2 - 1));
    const float low = decoded<TypeParam>(code), high = decoded<TypeParam>(code + 1);
    float real = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    if (round % 4 == 1) real = low + (high - low) / 2;
    if (round % 4 == 2) real = std::nextafter(low + (high - low) / 2, 0.0f);
    if (round % 4 == 3) real = -std::nextafter(low + (high - low) / 2, high);
    if (!std::isfinite(real)) continue;
    const TypeParam small(real);
    ASSERT_EQ(small.bits(), nearest<TypeParam>(real)) << real << " between " << low << " and " << high;
  }
}

TYPED_TEST(SmallFloats, NaNStaysNaNAndZeroKeepsItsSign) {
  const float quiet = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(static_cast<float>(TypeParam(quiet))));
  EXPECT_TRUE(std::isnan(static_cast<float>(TypeParam(-quiet))));
  EXPECT_TRUE(std::isnan(static_cast<float>(TypeParam(std::numeric_limits<float>::signaling_NaN()))));
  // A NaN whose payload lies only in bits that do not fit must not become an infinity.
  EXPECT_TRUE(std::isnan(static_cast<float>(TypeParam(std::bit_cast<float>(0x7f80'0001u)))));
  EXPECT_EQ(TypeParam(0.0f).bits(), 0u);
  EXPECT_TRUE(std::signbit(static_cast<float>(TypeParam(-0.0f))));
  EXPECT_EQ(TypeParam(-0.0f), TypeParam(0.0f));
  EXPECT_NE(TypeParam(quiet), TypeParam(quiet));
}

TYPED_TEST(SmallFloats, TheSmallestFloatsBecomeZero) {
  if (sizeof(TypeParam) == 2 && TypeParam(1e-38f).bits() != 0) return;  // bfloat16 has the range of float
  EXPECT_EQ(TypeParam(std::numeric_limits<float>::denorm_min()).bits(), 0u);
  EXPECT_EQ(TypeParam(-std::numeric_limits<float>::denorm_min()).bits(), codes<TypeParam> / 2);
}

// Values from the definitions of the formats.
TEST(SmallFloat, KnownValues) {
  EXPECT_EQ(Float16(1.0f).bits(), 0x3c00);
  EXPECT_EQ(Float16(-2.0f).bits(), 0xc000);
  EXPECT_EQ(Float16(65504.0f).bits(), 0x7bff);
  EXPECT_EQ(Float16(65519.99f).bits(), 0x7bff);
  EXPECT_EQ(Float16(65520.0f).bits(), 0x7c00);  // the tie between the largest and infinity is even at infinity
  EXPECT_EQ(Float16(5.9604645e-8f).bits(), 0x0001);
  EXPECT_EQ(Float16(std::numeric_limits<float>::infinity()).bits(), 0x7c00);
  EXPECT_EQ(BFloat16(1.0f).bits(), 0x3f80);
  EXPECT_EQ(BFloat16(3.1415927f).bits(), 0x4049);
  EXPECT_EQ(BFloat16(std::numeric_limits<float>::max()).bits(), 0x7f80);
  EXPECT_EQ(BFloat16(std::numeric_limits<float>::denorm_min()).bits(), 0x0000);
  EXPECT_EQ(BFloat16(std::bit_cast<float>(0x0001'8000u)).bits(), 0x0002);  // a tie among subnormals
  EXPECT_EQ(Float8E4M3(448.0f).bits(), 0x7e);
  EXPECT_EQ(Float8E4M3(463.9f).bits(), 0x7e);
  EXPECT_EQ(Float8E4M3(465.0f).bits(), 0x7f);  // there is no infinity
  EXPECT_EQ(Float8E4M3(-std::numeric_limits<float>::infinity()).bits(), 0xff);
  EXPECT_EQ(Float8E4M3(0.001953125f).bits(), 0x01);
  EXPECT_EQ(Float8E5M2(57344.0f).bits(), 0x7b);
  EXPECT_EQ(Float8E5M2(61440.0f).bits(), 0x7c);
  EXPECT_EQ(Float8E5M2(1.52587890625e-5f).bits(), 0x01);
}

TEST(SmallFloat, ConvertsWhileCompiling) {
  static_assert(Float16(0.5f).bits() == 0x3800);
  static_assert(static_cast<float>(BFloat16::from_bits(0x4000)) == 2.0f);
}

}  // namespace
