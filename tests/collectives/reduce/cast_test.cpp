#include <psyne/collectives/reduce/cast.hpp>

#include "place.hpp"
#include "specimens.hpp"
#include "targets.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace {

using namespace psyne_test;
using psyne::cast_kernel;
using psyne::CastKernel;

template <class To, class From>
To cast_reference(From element) {
  if constexpr (std::is_same_v<To, From>) {
    return element;
  } else {
    const auto value = static_cast<double>(taken(element));
    if constexpr (is_small_float<To>) return nearest<To>(value);
    if constexpr (!is_small_float<To>) return with_one_nan(static_cast<To>(value));
  }
}

// Around each number of To and half-way to the next: a step of From below, the number, a step above.
template <class To, class From>
void add_borders(std::vector<From>& values) {
  const auto& table = magnitudes<To>();
  for (std::size_t code = 0; code + 1 < table.size(); ++code) {
    for (const double number : {table[code], (table[code] + table[code + 1]) / 2}) {
      const auto value = static_cast<From>(number);
      for (const From near : {std::nextafter(value, From(0)), value, std::nextafter(value, From(INFINITY))}) {
        values.push_back(near);
        values.push_back(-near);
      }
    }
  }
}

// All there are, of 8 and 16 bits.
template <class From>
std::vector<From> specimens() {
  std::vector<From> values;
  if constexpr (is_small_float<From>) {
    for (std::uint32_t code = 0; code < 1u << (8 * sizeof(From)); ++code) {
      values.push_back(From::from_bits(static_cast<typename From::Bits>(code)));
    }
  } else {
    values = special_numbers<From>();
    for (const From value : random_elements<From>(20'000, 5)) values.push_back(value);
    add_borders<Float8E4M3>(values);
    add_borders<Float8E5M2>(values);
    add_borders<Float16>(values);
    add_borders<BFloat16>(values);
  }
  return values;
}

template <class To, class From>
void check_numbers(DType to, DType from, const std::vector<From>& values) {
  std::vector<To> expected, result(values.size());
  for (const From value : values) expected.push_back(cast_reference<To>(value));
  auto* bytes = reinterpret_cast<std::byte*>(result.data());
  for (const CastKernel kernel : kernels_of([=] { return cast_kernel(to, from); })) {
    kernel(bytes, reinterpret_cast<const std::byte*>(values.data()), values.size());
    const std::size_t wrong = first_difference(bytes, expected.data(), expected.size());
    ASSERT_EQ(wrong, values.size()) << name(from) << " " << static_cast<double>(taken(values[wrong])) << " to "
                                    << name(to);
  }
}

template <class To, class From>
void check_shapes(DType to, DType from) {
  const auto values = random_elements<From>(longest, 17);
  std::vector<To> expected;
  for (const From value : values) expected.push_back(cast_reference<To>(value));
  const std::vector<std::byte> blank(longest * sizeof(To));
  for (const CastKernel kernel : kernels_of([=] { return cast_kernel(to, from); })) {
    for (const std::size_t elements : lengths) {
      for (const std::size_t offset : offsets) {
        const Source source(offset, values.data(), elements * sizeof(From));
        Place result(3 - offset, blank.data(), elements * sizeof(To));
        kernel(result.data(), source.data(), elements);
        ASSERT_TRUE(result.holds(expected.data()))
            << name(from) << " to " << name(to) << ", " << elements << " elements, offset " << offset;
        if constexpr (sizeof(To) == sizeof(From)) {
          Place both(offset, values.data(), elements * sizeof(From));
          kernel(both.data(), both.data(), elements);
          ASSERT_TRUE(both.holds(expected.data())) << name(from) << " to " << name(to) << ", in place";
        }
      }
    }
  }
}

class CastFrom : public testing::TestWithParam<DType> {};
INSTANTIATE_TEST_SUITE_P(EveryFloat, CastFrom, testing::ValuesIn(every_float),
                         [](const auto& instance) { return std::string(name(instance.param)); });

template <class E>
constexpr bool is_float = is_small_float<E> || std::is_floating_point_v<E>;

// check(To(), From()) for each dtype To that is a float.
template <class Check>
void from_to_each(DType from, Check check) {
  for (const DType to : every_float) {
    as_element(to, [&]<class To>(To to_element) {
      as_element(from, [&]<class From>(From from_element) {
        if constexpr (is_float<To> && is_float<From>) check(to, to_element, from_element);
      });
    });
    if (testing::Test::HasFatalFailure()) return;
  }
}

TEST_P(CastFrom, EachNumberBecomesTheNearest) {
  from_to_each(GetParam(),
               [&]<class To, class From>(DType to, To, From) { check_numbers<To>(to, GetParam(), specimens<From>()); });
}

TEST_P(CastFrom, AnyShapeAnywhere) {
  from_to_each(GetParam(), [&]<class To, class From>(DType to, To, From) { check_shapes<To, From>(to, GetParam()); });
}

TEST(Cast, IsOfFloatsAlone) {
  for (const DType to : every_dtype) {
    for (const DType from : every_dtype) {
      const auto is_one = [](DType dtype) { return std::ranges::find(every_float, dtype) != every_float.end(); };
      EXPECT_EQ(cast_kernel(to, from) != nullptr, is_one(to) && is_one(from)) << name(to) << " from " << name(from);
    }
  }
}

template <class To, class From>
To cast_one(From value) {
  To result{};
  cast_kernel(psyne::dtype_of<To>, psyne::dtype_of<From>)(reinterpret_cast<std::byte*>(&result),
                                                          reinterpret_cast<const std::byte*>(&value), 1);
  return result;
}

TEST(Cast, RoundsADoubleOnce) {
  // By way of a float it would be a tie, and go to even: down.
  EXPECT_EQ(static_cast<float>(cast_one<BFloat16>(1 + 0x1p-8 + 0x1p-40)), 1 + 0x1p-7);
  EXPECT_EQ(static_cast<float>(cast_one<Float16>(1 + 0x1p-11 + 0x1p-50)), 1 + 0x1p-10);
  EXPECT_EQ(cast_one<BFloat16>(0x1p-134 + 0x1p-160).bits(), 1);
  EXPECT_EQ(cast_one<BFloat16>(0x1p-134).bits(), 0);
}

TEST(Cast, OverflowsAsTheFormatSays) {
  EXPECT_EQ(cast_one<Float16>(1e9f).bits(), 0x7c00);
  EXPECT_EQ(cast_one<Float8E4M3>(-1e300).bits(), 0xfe);
  EXPECT_EQ(cast_one<Float8E4M3>(INFINITY).bits(), 0x7e);
  EXPECT_EQ(cast_one<Float8E5M2>(1e300).bits(), 0x7b);
  EXPECT_EQ(cast_one<Float8E5M2>(-INFINITY).bits(), 0xfc);
  EXPECT_EQ(cast_one<float>(-1e300), -INFINITY);
}

}  // namespace
