#pragma once

#include "element.hpp"

#include <cstring>
#include <initializer_list>
#include <random>

namespace psyne_test {

/// Floats at which something changes: signs of zero, subnormals, the ends of each format, infinities, NaNs.
template <class Real>
std::vector<Real> special_numbers() {
  using Limits = std::numeric_limits<Real>;
  std::vector<Real> numbers = {Real(0),
                               Real(1),
                               Real(1.5),
                               Real(3),
                               Limits::denorm_min(),
                               Limits::min(),
                               Limits::max(),
                               Limits::infinity(),
                               Limits::quiet_NaN()};
  for (const double number :
       {448.0, 464.0, 480.0, 57344.0, 61440.0, 65504.0, 65520.0, 0x1p-9, 0x1p-10, 0x1p-14, 0x1p-24, 0x1p-25, 0x1.8p-25,
        0x1p-133, 0x1.fep127, 0x1.ffp127, 1 + 0x1p-8, 1 + 0x3p-8, 2049.0}) {
    numbers.push_back(static_cast<Real>(number));
  }
  const std::size_t positive = numbers.size();
  for (std::size_t i = 0; i < positive; ++i) numbers.push_back(-numbers[i]);
  return numbers;
}

template <class E>
E random_element(std::mt19937_64& random) {
  const std::uint64_t choice = random() % 8;
  if constexpr (is_complex<E>) {
    using Part = typename E::value_type;
    return {random_element<Part>(random), random_element<Part>(random)};
  } else if constexpr (std::is_floating_point_v<E>) {
    static const std::vector<E> special = special_numbers<E>();
    if (choice == 0) return special[random() % special.size()];
    if (choice < 6) return static_cast<E>(static_cast<std::int64_t>(random() % 20001) - 10000) / E(128);
  }
  E element;
  const std::uint64_t bits = random();
  std::memcpy(static_cast<void*>(&element), &bits, sizeof element);
  return element;
}

template <class E>
std::vector<E> random_elements(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<E> elements(count);
  for (auto& element : elements) element = random_element<E>(random);
  return elements;
}

/// Lengths around those of vectors and of their multiples, and misalignments.
constexpr std::size_t lengths[] = {0, 1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 63, 64, 65, 127, 1000};
constexpr std::size_t longest = 1000;
constexpr std::size_t offsets[] = {0, 1, 3};

}  // namespace psyne_test
