#pragma once

#include <psyne/core/message/tensor/dtype.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace psyne::inline v0 {

/// How the elements of several ranks become one.
enum class Fold : std::uint8_t { sum, product, min, max, bit_and, bit_or, bit_xor };

constexpr std::string_view name(Fold fold) noexcept {
  switch (fold) {
    case Fold::sum: return "sum";
    case Fold::product: return "product";
    case Fold::min: return "min";
    case Fold::max: return "max";
    case Fold::bit_and: return "bit_and";
    case Fold::bit_or: return "bit_or";
    case Fold::bit_xor: return "bit_xor";
  }
  return "unknown";
}

/// result[i] = ((sources[0][i] o sources[1][i]) o sources[2][i]) o ..., for each of `elements`, in the order of the
/// `count` sources; count >= 1. `result` may be one of the sources, and overlaps none otherwise. No place needs to be
/// aligned. Any thread may call it; it allocates nothing and never waits.
using FoldKernel = void (*)(std::byte* result, const std::byte* const* sources, std::size_t count,
                            std::size_t elements) noexcept;

/// The fastest kernel of this machine, or nullptr where the fold is not defined for the dtype. To be looked up once,
/// and called often: two elements of two sources take a few nanoseconds.
///
///   integers      sum and product modulo 2^bits; min, max; bits
///   f32, f64      each operation rounded in the dtype itself; no fused operation, no other order
///   f16, bf16     f32 from the first source to the last, then rounded once to nearest, ties to even; what is too large
///   f8            then becomes infinity in f16 and bf16, and the largest finite number in f8 (where f32 was exceeded,
///   the
///                 infinity of f8e5m2)
///   complex       sum; product by (ac - bd) + (ad + bc)i, each operation rounded, infinities not recovered
///   boolean       sum, max, bit_or: or; product, min, bit_and: and; bit_xor. Any byte but 0 is true; the result is 0
///   or 1
///
/// Of floats, min and max take -0 for less than 0, and are NaN where any source is. A NaN result is always the same
/// one: quiet, positive, no payload (f32 0x7fc00000, bf16 0x7fc0, f16 0x7e00, f8e5m2 0x7e, f8e4m3 0x7f). So every bit
/// is the same on all machines and for all numbers of elements, as long as the thread rounds to nearest and keeps
/// subnormals, as threads do unless told otherwise.
FoldKernel fold_kernel(Fold fold, DType dtype) noexcept;

/// As a FoldKernel for Fold::sum, with the sum divided by `divisor`; divisor >= 1.
using AverageKernel = void (*)(std::byte* result, const std::byte* const* sources, std::size_t count,
                               std::size_t elements, std::uint64_t divisor) noexcept;

/// nullptr for boolean. Integers: the sum modulo 2^bits, divided exactly, truncated towards zero. Floats and complex:
/// the sum, then the quotient by the divisor in the type that the sum is made in (f32 for the smaller ones), rounded to
/// the dtype once at the end.
AverageKernel average_kernel(DType dtype) noexcept;

}  // namespace psyne::inline v0
