#pragma once

#include <psyne/core/message/tensor/dtype.hpp>

#include <array>
#include <bit>
#include <cmath>
#include <complex>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

namespace psyne_test {

using psyne::BFloat16;
using psyne::Boolean;
using psyne::DType;
using psyne::Float16;
using psyne::Float8E4M3;
using psyne::Float8E5M2;

constexpr std::array<DType, 17> every_dtype = {
    DType::i8,  DType::i16, DType::i32,     DType::i64,       DType::u8,        DType::u16,
    DType::u32, DType::u64, DType::f16,     DType::bf16,      DType::f8e4m3,    DType::f8e5m2,
    DType::f32, DType::f64, DType::boolean, DType::complex64, DType::complex128};
constexpr std::array<DType, 6> every_float = {DType::f64,  DType::f32,    DType::f16,
                                              DType::bf16, DType::f8e4m3, DType::f8e5m2};

/// visit(E()) with the C++ type of a dtype.
template <class Visit>
auto as_element(DType dtype, Visit visit) {
  switch (dtype) {
    case DType::i8: return visit(std::int8_t());
    case DType::i16: return visit(std::int16_t());
    case DType::i32: return visit(std::int32_t());
    case DType::i64: return visit(std::int64_t());
    case DType::u16: return visit(std::uint16_t());
    case DType::u32: return visit(std::uint32_t());
    case DType::u64: return visit(std::uint64_t());
    case DType::f16: return visit(Float16());
    case DType::bf16: return visit(BFloat16());
    case DType::f32: return visit(float());
    case DType::f64: return visit(double());
    case DType::f8e4m3: return visit(Float8E4M3());
    case DType::f8e5m2: return visit(Float8E5M2());
    case DType::boolean: return visit(Boolean());
    case DType::complex64: return visit(std::complex<float>());
    case DType::complex128: return visit(std::complex<double>());
    default: return visit(std::uint8_t());
  }
}

template <class E>
constexpr bool is_small_float = false;
template <int exponent_bits, int mantissa_bits, psyne::Specials specials>
constexpr bool is_small_float<psyne::SmallFloat<exponent_bits, mantissa_bits, specials>> = true;

template <class E>
constexpr bool is_complex = false;
template <class T>
constexpr bool is_complex<std::complex<T>> = true;

/// What arithmetic on E is done in.
template <class E>
using Arithmetic = std::conditional_t<is_small_float<E>, float, E>;

/// The numbers of a small float from 0 up, and one more: where infinity would be if steps went on.
template <class Small>
const std::vector<double>& magnitudes() {
  static const std::vector<double> table = [] {
    std::vector<double> values;
    for (std::uint32_t code = 0;; ++code) {
      const auto value = static_cast<float>(Small::from_bits(static_cast<typename Small::Bits>(code)));
      if (!std::isfinite(value)) break;
      values.push_back(static_cast<double>(value));
    }
    values.push_back(2 * values.back() - values[values.size() - 2]);
    return values;
  }();
  return table;
}

/// By definition: the code whose value is nearest, of two equally near the even one; in 8 bits the largest finite one
/// for all that is larger. The NaN is the quiet one.
template <class Small>
Small nearest(double value) {
  constexpr bool narrow = sizeof(Small) == 1, endless = !std::is_same_v<Small, Float8E4M3>;
  const auto& table = magnitudes<Small>();
  const auto infinity = static_cast<std::uint32_t>(table.size() - 1);
  const auto code = [&](std::uint32_t magnitude) {
    const std::uint32_t sign = std::signbit(value) ? 1u << (8 * sizeof(Small) - 1) : 0;
    return Small::from_bits(static_cast<typename Small::Bits>(sign | magnitude));
  };
  if (std::isnan(value)) {
    value = 0;
    return code(endless ? infinity | (infinity & (0 - infinity)) >> 1 : infinity);
  }
  if (std::isinf(value) && endless) return code(infinity);
  const double magnitude = std::fabs(value);
  if (narrow && magnitude >= table[infinity - 1]) return code(infinity - 1);
  if (magnitude >= table[infinity]) return code(infinity);
  std::uint32_t low = 0, high = infinity;
  while (high - low > 1) {
    const std::uint32_t middle = (low + high) / 2;
    (table[middle] <= magnitude ? low : high) = middle;
  }
  const double half_way = (table[low] + table[high]) / 2;
  if (magnitude != half_way) return code(magnitude < half_way ? low : high);
  return code(low % 2 == 0 ? low : high);
}

template <class Real>
Real with_one_nan(Real value) {
  return std::isnan(value) ? std::numeric_limits<Real>::quiet_NaN() : value;
}

/// An element for arithmetic, and back.
template <class E>
Arithmetic<E> taken(E element) {
  return static_cast<Arithmetic<E>>(element);
}
template <class E>
E given(Arithmetic<E> value) {
  if constexpr (is_small_float<E>) {
    return nearest<E>(static_cast<double>(value));
  } else if constexpr (is_complex<E>) {
    return {with_one_nan(value.real()), with_one_nan(value.imag())};
  } else if constexpr (std::is_floating_point_v<E>) {
    return with_one_nan(value);
  } else {
    return value;
  }
}

}  // namespace psyne_test
