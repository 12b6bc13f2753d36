#include <psyne/collectives/reduce/fold.hpp>

#include "fold_reference.hpp"
#include "place.hpp"
#include "specimens.hpp"
#include "targets.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace {

using namespace psyne_test;
using psyne::fold_kernel;
using psyne::FoldKernel;

std::vector<FoldKernel> fold_kernels(Fold fold, DType dtype) {
  return kernels_of([=] { return fold_kernel(fold, dtype); });
}

TEST(Fold, IsDefinedWhereItsResultIs) {
  for (const DType dtype : every_dtype) {
    for (const Fold fold : every_fold) {
      EXPECT_EQ(fold_kernel(fold, dtype) != nullptr, is_defined(fold, dtype)) << name(dtype) << static_cast<int>(fold);
    }
  }
}

TEST(Fold, HasAKernelForEachKindOfVectors) {
#if defined(__SANITIZE_ADDRESS__)
  const std::int64_t compiled = HWY_AVX2;  // cmake/PsyneLibrary.cmake: why
#else
  const std::int64_t compiled = HWY_SSE4 | HWY_AVX2 | HWY_AVX3;
#endif
  const auto expected =
      static_cast<std::size_t>(std::popcount(static_cast<std::uint64_t>(hwy::SupportedTargets() & compiled)));
  EXPECT_GE(fold_kernels(Fold::sum, DType::f32).size(), std::max<std::size_t>(expected, 1));
}

// A result apart, then in the place of each source.
template <class E>
void check(FoldKernel kernel, const std::vector<std::vector<E>>& values, const std::vector<E>& expected,
           std::size_t elements, std::size_t offset) {
  const std::size_t bytes = elements * sizeof(E), count = values.size();
  std::vector<Source> sources;
  std::vector<const std::byte*> places;
  for (const auto& source : values) sources.emplace_back(offset, source.data(), bytes);
  for (const auto& source : sources) places.push_back(source.data());

  for (std::size_t in_place = 0; in_place <= count; ++in_place) {
    Place result((offset + in_place) % 4, values[in_place % count].data(), bytes);
    auto from = places;
    if (in_place < count) from[in_place] = result.data();
    kernel(result.data(), from.data(), count, elements);
    ASSERT_TRUE(result.holds(expected.data()))
        << count << " sources of " << elements << " elements, offset " << offset << ", in place " << in_place
        << ", first wrong " << first_difference(result.data(), expected.data(), elements);
  }
}

template <class E>
void check_shapes(Fold fold, DType dtype) {
  for (const std::size_t count : {1, 2, 3, 5, 8}) {
    std::vector<std::vector<E>> values;
    for (std::size_t source = 0; source < count; ++source)
      values.push_back(random_elements<E>(longest, source + count));
    const auto expected = fold_reference<E>(fold, values);
    for (const FoldKernel kernel : fold_kernels(fold, dtype)) {
      for (const std::size_t elements : lengths) {
        for (const std::size_t offset : offsets) {
          check(kernel, values, expected, elements, offset);
          if (testing::Test::HasFatalFailure()) return;
        }
      }
    }
  }
}

class FoldOf : public testing::TestWithParam<DType> {};
INSTANTIATE_TEST_SUITE_P(EveryDType, FoldOf, testing::ValuesIn(every_dtype),
                         [](const auto& instance) { return std::string(name(instance.param)); });

TEST_P(FoldOf, AnyShapeAnywhereIsWhatOneElementAfterTheOtherIs) {
  for (const Fold fold : every_fold) {
    if (!is_defined(fold, GetParam())) continue;
    SCOPED_TRACE(static_cast<int>(fold));
    as_element(GetParam(), [&]<class E>(E) { check_shapes<E>(fold, GetParam()); });
    if (HasFatalFailure()) return;
  }
}

template <class E>
void check_pairs(DType dtype, const std::vector<E>& left, const std::vector<E>& right) {
  const std::vector<std::vector<E>> values = {left, right};
  for (const Fold fold : every_fold) {
    if (!is_defined(fold, dtype)) continue;
    const auto expected = fold_reference<E>(fold, values);
    std::vector<E> result(left.size());
    auto* bytes = reinterpret_cast<std::byte*>(result.data());
    const std::byte* const sources[] = {reinterpret_cast<const std::byte*>(left.data()),
                                        reinterpret_cast<const std::byte*>(right.data())};
    for (const FoldKernel kernel : fold_kernels(fold, dtype)) {
      kernel(bytes, sources, 2, left.size());
      const std::size_t wrong = first_difference(bytes, expected.data(), expected.size());
      ASSERT_EQ(wrong, left.size()) << name(dtype) << " fold " << static_cast<int>(fold);
    }
  }
}

// Every code of a small float with each of `others`.
template <class Small>
void check_codes(DType dtype, const std::vector<Small>& others) {
  std::vector<Small> left, right;
  for (std::uint32_t code = 0; code < 1u << (8 * sizeof(Small)); ++code) {
    for (const Small other : others) {
      left.push_back(Small::from_bits(static_cast<typename Small::Bits>(code)));
      right.push_back(other);
    }
  }
  check_pairs(dtype, left, right);
}

template <class Small>
std::vector<Small> every_code() {
  std::vector<Small> codes;
  for (std::uint32_t code = 0; code < 256; ++code) codes.push_back(Small::from_bits(static_cast<std::uint8_t>(code)));
  return codes;
}

TEST(Fold, EveryPairOf8BitFloats) {
  check_codes(DType::f8e4m3, every_code<Float8E4M3>());
  check_codes(DType::f8e5m2, every_code<Float8E5M2>());
}

template <class Small>
std::vector<Small> special_codes() {
  std::vector<Small> codes;
  for (const float number : special_numbers<float>()) codes.push_back(Small(number));
  codes.push_back(Small::from_bits(0x7f81));  // a NaN that is not quiet in bf16, and with a payload in f16
  return codes;
}

TEST(Fold, Every16BitFloatWithWhatIsSpecial) {
  check_codes(DType::f16, special_codes<Float16>());
  check_codes(DType::bf16, special_codes<BFloat16>());
}

template <class Real>
void check_special_pairs(DType dtype) {
  const auto special = special_numbers<Real>();
  std::vector<Real> left, right;
  for (const Real a : special) {
    for (const Real b : special) {
      left.push_back(a);
      right.push_back(b);
    }
  }
  check_pairs(dtype, left, right);
}

TEST(Fold, SpecialNumbersInPairs) {
  check_special_pairs<float>(DType::f32);
  check_special_pairs<double>(DType::f64);
}

// One element each, as a caller who has these numbers would have it.
template <class E>
E one(Fold fold, const std::vector<E>& values) {
  E result = values[0];
  std::vector<const std::byte*> sources;
  for (const E& value : values) sources.push_back(reinterpret_cast<const std::byte*>(&value));
  fold_kernel(fold, psyne::dtype_of<E>)(reinterpret_cast<std::byte*>(&result), sources.data(), sources.size(), 1);
  return result;
}

TEST(Fold, RoundsSmallFloatsOnceAfterTheLastSource) {
  EXPECT_EQ(static_cast<float>(one<Float16>(Fold::sum, {Float16(2048), Float16(1), Float16(1)})), 2050);
  EXPECT_EQ(static_cast<float>(one<BFloat16>(Fold::sum, {BFloat16(256), BFloat16(1), BFloat16(1)})), 258);
  EXPECT_EQ(static_cast<float>(one<Float16>(Fold::sum, {Float16(65504), Float16(65504), Float16(-65504)})), 65504);
}

TEST(Fold, TakesFloatsInTheOrderOfTheSources) {
  EXPECT_EQ(one<float>(Fold::sum, {0x1p24f, 1, 1}), 0x1p24f);
  EXPECT_EQ(one<float>(Fold::sum, {1, 1, 0x1p24f}), 0x1p24f + 2);
}

TEST(Fold, KeepsSubnormals) {
  const float smallest = std::numeric_limits<float>::denorm_min();
  EXPECT_EQ(one<float>(Fold::sum, {smallest, smallest}), 2 * smallest);
  EXPECT_EQ(one<BFloat16>(Fold::sum, {BFloat16::from_bits(1), BFloat16::from_bits(2)}).bits(), 3);
}

TEST(Fold, OverflowsTo448And57344In8BitsAndToInfinityIn16) {
  EXPECT_EQ(one(Fold::sum, std::vector{Float8E4M3(448), Float8E4M3(448)}).bits(), 0x7e);
  EXPECT_EQ(one(Fold::sum, std::vector{Float8E5M2(-57344), Float8E5M2(-57344)}).bits(), 0xfb);
  EXPECT_EQ(one(Fold::sum, std::vector{Float8E5M2::from_bits(0x7c), Float8E5M2(1)}).bits(), 0x7c);
  EXPECT_EQ(one(Fold::sum, std::vector{Float16(65504), Float16(16)}).bits(), 0x7c00);
  EXPECT_EQ(one(Fold::product, std::vector{BFloat16(0x1p100f), BFloat16(-0x1p100f)}).bits(), 0xff80);
}

TEST(Fold, GivesTheSameNanWhateverNanItGot) {
  const auto nan = std::bit_cast<float>(0xff81'2345u);
  for (const Fold fold : {Fold::sum, Fold::product, Fold::min, Fold::max}) {
    EXPECT_EQ(std::bit_cast<std::uint32_t>(one<float>(fold, {nan, 1})), 0x7fc0'0000u);
    EXPECT_EQ(std::bit_cast<std::uint32_t>(one<float>(fold, {1, nan, 2})), 0x7fc0'0000u);
    EXPECT_EQ(one<BFloat16>(fold, {BFloat16(1), BFloat16::from_bits(0xff81)}).bits(), 0x7fc0);
    EXPECT_EQ(one<Float16>(fold, {Float16::from_bits(0xfc01), Float16(1)}).bits(), 0x7e00);
    EXPECT_EQ(one<Float8E5M2>(fold, {Float8E5M2::from_bits(0xff), Float8E5M2(1)}).bits(), 0x7e);
    EXPECT_EQ(one<Float8E4M3>(fold, {Float8E4M3::from_bits(0xff), Float8E4M3(1)}).bits(), 0x7f);
  }
}

TEST(Fold, TakesAnyByteButZeroForTrue) {
  const std::uint8_t left[] = {0, 2, 0x80, 0}, right[] = {0, 0, 1, 0xff};
  const std::byte* const sources[] = {reinterpret_cast<const std::byte*>(left),
                                      reinterpret_cast<const std::byte*>(right)};
  std::uint8_t result[4];
  const auto fold = [&](Fold wanted) {
    fold_kernel(wanted, DType::boolean)(reinterpret_cast<std::byte*>(result), sources, 2, 4);
    return std::vector<int>(std::begin(result), std::end(result));
  };
  EXPECT_EQ(fold(Fold::sum), (std::vector{0, 1, 1, 1}));
  EXPECT_EQ(fold(Fold::product), (std::vector{0, 0, 1, 0}));
  EXPECT_EQ(fold(Fold::bit_xor), (std::vector{0, 1, 0, 1}));
}

}  // namespace
