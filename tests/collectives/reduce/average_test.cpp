#include <psyne/collectives/reduce/fold.hpp>

#include "fold_reference.hpp"
#include "place.hpp"
#include "specimens.hpp"
#include "targets.hpp"

#include <gtest/gtest.h>

namespace {

using namespace psyne_test;
using psyne::average_kernel;
using psyne::AverageKernel;

__extension__ using SignedWide = __int128;

template <class E>
E average_reference(std::span<const std::vector<E>> sources, std::size_t i, std::uint64_t divisor) {
  const auto sum = folded_at(Fold::sum, sources, i);
  if constexpr (is_complex<E>) {
    const auto real = static_cast<typename E::value_type>(divisor);
    return given<E>({sum.real() / real, sum.imag() / real});
  } else if constexpr (std::is_integral_v<E>) {
    return static_cast<E>(static_cast<SignedWide>(sum) / static_cast<SignedWide>(divisor));
  } else {
    return given<E>(sum / static_cast<Arithmetic<E>>(divisor));
  }
}

template <class E>
void check_average(DType dtype, std::size_t count, std::uint64_t divisor) {
  std::vector<std::vector<E>> values;
  for (std::size_t source = 0; source < count; ++source) values.push_back(random_elements<E>(longest, source + 7));
  std::vector<E> expected;
  for (std::size_t i = 0; i < longest; ++i) expected.push_back(average_reference<E>(values, i, divisor));

  for (const AverageKernel kernel : kernels_of([=] { return average_kernel(dtype); })) {
    for (const std::size_t elements : lengths) {
      std::vector<Source> held;
      std::vector<const std::byte*> sources;
      for (const auto& source : values) held.emplace_back(elements % 4, source.data(), elements * sizeof(E));
      for (const auto& source : held) sources.push_back(source.data());
      Place result(1, values.back().data(), elements * sizeof(E));
      sources.back() = result.data();
      kernel(result.data(), sources.data(), count, elements, divisor);
      ASSERT_TRUE(result.holds(expected.data()))
          << name(dtype) << ", " << count << " sources by " << divisor << ", " << elements << " elements, first wrong "
          << first_difference(result.data(), expected.data(), elements);
    }
  }
}

class AverageOf : public testing::TestWithParam<DType> {};
INSTANTIATE_TEST_SUITE_P(EveryDType, AverageOf, testing::ValuesIn(every_dtype),
                         [](const auto& instance) { return std::string(name(instance.param)); });

TEST_P(AverageOf, TheSumIsDividedAndRoundedOnce) {
  const DType dtype = GetParam();
  if (dtype == DType::boolean) {
    EXPECT_EQ(average_kernel(dtype), nullptr);
    return;
  }
  for (const std::uint64_t divisor : {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{3}, std::uint64_t{7},
                                      std::uint64_t{1} << 63, ~std::uint64_t{0}}) {
    for (const std::size_t count : {1, 2, 5}) {
      as_element(dtype, [&]<class E>(E) {
        if constexpr (!std::is_same_v<E, Boolean>) check_average<E>(dtype, count, divisor);
      });
      if (HasFatalFailure()) return;
    }
  }
}

template <class T>
T average_of(T left, T right, std::uint64_t divisor) {
  T result{};
  const std::byte* const sources[] = {reinterpret_cast<const std::byte*>(&left),
                                      reinterpret_cast<const std::byte*>(&right)};
  average_kernel(psyne::dtype_of<T>)(reinterpret_cast<std::byte*>(&result), sources, 2, 1, divisor);
  return result;
}

TEST(Average, TruncatesIntegersTowardsZero) {
  EXPECT_EQ(average_of<std::int32_t>(3, 4, 2), 3);
  EXPECT_EQ(average_of<std::int32_t>(-3, -4, 2), -3);
  EXPECT_EQ(average_of<std::int64_t>(-3, -4, 2), -3);
  EXPECT_EQ(average_of(std::numeric_limits<std::int64_t>::min(), std::int64_t{0}, 1),
            std::numeric_limits<std::int64_t>::min());
}

TEST(Average, WrapsTheSumOfIntegers) { EXPECT_EQ(average_of<std::uint8_t>(200, 100, 2), (300 - 256) / 2); }

}  // namespace
