#include <psyne/collectives/reduce/scale.hpp>

#include "place.hpp"
#include "specimens.hpp"
#include "targets.hpp"

#include <gtest/gtest.h>

namespace {

using namespace psyne_test;
using psyne::scale_kernel;
using psyne::ScaleKernel;

__extension__ using UnsignedWide = unsigned __int128;

template <class E>
E scale_reference(E element, double factor) {
  if constexpr (is_complex<E>) {
    const auto real = static_cast<typename E::value_type>(factor);
    return given<E>({element.real() * real, element.imag() * real});
  } else if constexpr (std::is_integral_v<E>) {
    const double product = std::trunc(static_cast<double>(element) * factor);
    if (std::isnan(product)) return 0;
    if (product <= static_cast<double>(std::numeric_limits<E>::min())) return std::numeric_limits<E>::min();
    if (product >= static_cast<double>(std::numeric_limits<E>::max())) return std::numeric_limits<E>::max();
    return static_cast<E>(product);
  } else {
    return given<E>(taken(element) * static_cast<Arithmetic<E>>(factor));
  }
}

template <class E>
void check_scale(DType dtype, double factor) {
  const auto values = random_elements<E>(longest, 11);
  std::vector<E> expected;
  for (const E& value : values) expected.push_back(scale_reference(value, factor));
  for (const ScaleKernel kernel : kernels_of([=] { return scale_kernel(dtype); })) {
    for (const std::size_t elements : lengths) {
      for (const std::size_t offset : offsets) {
        const Source source(offset, values.data(), elements * sizeof(E));
        Place apart(0, values.data(), elements * sizeof(E)), in_place(offset, values.data(), elements * sizeof(E));
        kernel(apart.data(), source.data(), elements, factor);
        kernel(in_place.data(), in_place.data(), elements, factor);
        ASSERT_TRUE(apart.holds(expected.data()) && in_place.holds(expected.data()))
            << name(dtype) << " by " << factor << ", " << elements << " elements, first wrong "
            << first_difference(apart.data(), expected.data(), elements);
      }
    }
  }
}

class ScaleOf : public testing::TestWithParam<DType> {};
INSTANTIATE_TEST_SUITE_P(EveryDType, ScaleOf, testing::ValuesIn(every_dtype),
                         [](const auto& instance) { return std::string(name(instance.param)); });

TEST_P(ScaleOf, EachElementIsMultiplied) {
  const DType dtype = GetParam();
  if (dtype == DType::boolean) {
    EXPECT_EQ(scale_kernel(dtype), nullptr);
    return;
  }
  if (dtype == DType::i64 || dtype == DType::u64) return;  // ScaleLong, below
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double factor : {0.0, -0.0, 1.0, -1.0, 0.5, 1.0 / 3, -1e6, 1e300, 1e-300, infinity, -infinity,
                              std::numeric_limits<double>::quiet_NaN()}) {
    as_element(dtype, [&]<class E>(E) {
      if constexpr (!std::is_same_v<E, Boolean>) check_scale<E>(dtype, factor);
    });
    if (HasFatalFailure()) return;
  }
}

template <class T>
T scaled(T value, double factor) {
  T result{};
  scale_kernel(psyne::dtype_of<T>)(reinterpret_cast<std::byte*>(&result), reinterpret_cast<const std::byte*>(&value), 1,
                                   factor);
  return result;
}

TEST(ScaleLong, IsExactAndThenTruncated) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 100'000; ++round) {
    const std::uint64_t value = random() >> (random() % 64), numerator = random() >> (11 + random() % 53);
    const int denominator = static_cast<int>(random() % 128);  // factor = numerator / 2^denominator
    const UnsignedWide product = (static_cast<UnsignedWide>(value) * numerator) >> denominator;
    const auto highest = std::numeric_limits<std::uint64_t>::max();
    const auto expected = product > highest ? highest : static_cast<std::uint64_t>(product);
    const double factor = std::ldexp(static_cast<double>(numerator), -denominator);
    ASSERT_EQ(scaled(value, factor), expected) << value << " * " << factor;

    const auto positive = static_cast<std::int64_t>(value >> 1);
    const UnsignedWide half = (static_cast<UnsignedWide>(value >> 1) * numerator) >> denominator;
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    const bool fits = half <= static_cast<UnsignedWide>(most);
    ASSERT_EQ(scaled(positive, factor), fits ? static_cast<std::int64_t>(half) : most);
    ASSERT_EQ(scaled(positive, -factor), fits ? -static_cast<std::int64_t>(half) : -most - 1);
    ASSERT_EQ(scaled(-positive, factor), scaled(positive, -factor));
  }
}

TEST(ScaleLong, SaturatesAndTakesWhatIsNoNumberForZero) {
  using Signed = std::numeric_limits<std::int64_t>;
  const double infinity = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(scaled(std::int64_t{7}, infinity), Signed::max());
  EXPECT_EQ(scaled(std::int64_t{7}, -infinity), Signed::min());
  EXPECT_EQ(scaled(std::int64_t{0}, infinity), 0);
  EXPECT_EQ(scaled(std::int64_t{7}, nan), 0);
  EXPECT_EQ(scaled(std::int64_t{1}, 1e300), Signed::max());
  EXPECT_EQ(scaled(Signed::min(), 1.0), Signed::min());
  EXPECT_EQ(scaled(Signed::min(), -1.0), Signed::max());
  EXPECT_EQ(scaled(Signed::max(), std::numeric_limits<double>::denorm_min()), 0);
  EXPECT_EQ(scaled(std::uint64_t{5}, -1.0), 0u);
  EXPECT_EQ(scaled(~std::uint64_t{0}, 1.0), ~std::uint64_t{0});
}

}  // namespace
