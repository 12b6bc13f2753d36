#pragma once

#include <psyne/collectives/reduce/fold.hpp>

#include "element.hpp"

#include <span>

namespace psyne_test {

using psyne::Fold;

constexpr std::array<Fold, 7> every_fold = {Fold::sum,     Fold::product, Fold::min,    Fold::max,
                                            Fold::bit_and, Fold::bit_or,  Fold::bit_xor};

constexpr bool is_defined(Fold fold, DType dtype) {
  const bool of_bits = fold == Fold::bit_and || fold == Fold::bit_or || fold == Fold::bit_xor;
  const bool ordered = fold == Fold::min || fold == Fold::max;
  switch (dtype) {
    case DType::complex64:
    case DType::complex128: return !of_bits && !ordered;
    case DType::f16:
    case DType::bf16:
    case DType::f32:
    case DType::f64:
    case DType::f8e4m3:
    case DType::f8e5m2: return !of_bits;
    default: return true;
  }
}

template <class Real>
Real smaller(Real left, Real right) {
  if (std::isnan(left) || std::isnan(right)) return std::numeric_limits<Real>::quiet_NaN();
  if (left != right) return left < right ? left : right;
  return std::signbit(left) ? left : right;
}

template <class Real>
Real floating_folded(Fold fold, Real left, Real right) {
  switch (fold) {
    case Fold::sum: return left + right;
    case Fold::product: return left * right;
    case Fold::min: return smaller(left, right);
    default: return -smaller(-left, -right);
  }
}

template <class Complex>
Complex complex_folded(Fold fold, Complex left, Complex right) {
  if (fold == Fold::sum) return {left.real() + right.real(), left.imag() + right.imag()};
  // Volatile, so that no compiler fuses a product with a sum.
  volatile auto ac = left.real() * right.real(), bd = left.imag() * right.imag();
  volatile auto ad = left.real() * right.imag(), bc = left.imag() * right.real();
  return {ac - bd, ad + bc};
}

inline Boolean truth_folded(Fold fold, bool left, bool right) {
  switch (fold) {
    case Fold::bit_xor: return left != right;
    case Fold::sum:
    case Fold::max:
    case Fold::bit_or: return left || right;
    default: return left && right;
  }
}

template <class T>
T integer_folded(Fold fold, T left, T right) {
  const auto a = static_cast<std::uint64_t>(left), b = static_cast<std::uint64_t>(right);
  switch (fold) {
    case Fold::sum: return static_cast<T>(a + b);
    case Fold::product: return static_cast<T>(a * b);
    case Fold::min: return left < right ? left : right;
    case Fold::max: return left < right ? right : left;
    case Fold::bit_and: return static_cast<T>(a & b);
    case Fold::bit_or: return static_cast<T>(a | b);
    default: return static_cast<T>(a ^ b);
  }
}

template <class V>
V folded(Fold fold, V left, V right) {
  if constexpr (is_complex<V>) {
    return complex_folded(fold, left, right);
  } else if constexpr (std::is_floating_point_v<V>) {
    return floating_folded(fold, left, right);
  } else if constexpr (std::is_same_v<V, Boolean>) {
    return truth_folded(fold, left, right);
  } else {
    return integer_folded(fold, left, right);
  }
}

/// What arithmetic makes of element i of the sources, not yet an element.
template <class E>
Arithmetic<E> folded_at(Fold fold, std::span<const std::vector<E>> sources, std::size_t i) {
  Arithmetic<E> value = taken(sources[0][i]);
  if constexpr (std::is_same_v<E, Boolean>) value = value ? Boolean(true) : Boolean(false);
  for (const auto& source : sources.subspan(1)) value = folded(fold, value, taken(source[i]));
  return value;
}

/// What a fold of these sources is, one element after the other.
template <class E>
std::vector<E> fold_reference(Fold fold, std::span<const std::vector<E>> sources) {
  std::vector<E> result(sources[0].size());
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = given<E>(folded_at(fold, sources, i));
  return result;
}

}  // namespace psyne_test
