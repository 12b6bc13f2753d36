#pragma once

#include <bit>
#include <cstdint>
#include <limits>

namespace psyne::inline v0 {

/// What a small float does with its largest exponent: infinities and NaNs as IEEE 754, or more finite numbers, no
/// infinity and a single NaN (all bits set), as the "fn" formats of the Open Compute Project.
enum class Specials : std::uint8_t { ieee, finite };

/// A float of 1 + exponent + mantissa bits for storage and transport: arithmetic is done in float.
///
/// To float: exact, NaN payloads included. From float: to nearest, ties to even, subnormals included; what is too large
/// becomes infinity, or NaN where there is none. A NaN stays a NaN and becomes quiet. Sign of zero is kept.
/// Integer arithmetic alone, so neither the rounding mode nor a "flush denormals" setting changes a result.
template <int exponent_bits, int mantissa_bits, Specials specials = Specials::ieee>
class SmallFloat {
 public:
  using Bits = std::conditional_t<1 + exponent_bits + mantissa_bits == 8, std::uint8_t, std::uint16_t>;
  static_assert(1 + exponent_bits + mantissa_bits == std::numeric_limits<Bits>::digits);

  constexpr SmallFloat() = default;
  explicit constexpr SmallFloat(float value) noexcept : bits_(encode(std::bit_cast<std::uint32_t>(value))) {}
  static constexpr SmallFloat from_bits(Bits bits) noexcept {
    SmallFloat value;
    value.bits_ = bits;
    return value;
  }

  constexpr Bits bits() const noexcept { return bits_; }
  constexpr explicit operator float() const noexcept { return std::bit_cast<float>(decode(bits_)); }

  /// As floats compare: NaN equals nothing, -0 equals 0.
  friend constexpr bool operator==(SmallFloat left, SmallFloat right) noexcept {
    return static_cast<float>(left) == static_cast<float>(right);
  }

 private:
  static constexpr int smallest_exponent = 2 - (1 << (exponent_bits - 1));  // of the normal numbers
  static constexpr std::uint32_t sign_bit = 1u << (exponent_bits + mantissa_bits);
  static constexpr std::uint32_t mantissa_mask = (1u << mantissa_bits) - 1;
  static constexpr std::uint32_t top_exponent = ((1u << exponent_bits) - 1) << mantissa_bits;
  static constexpr std::uint32_t not_finite = specials == Specials::ieee ? top_exponent : sign_bit - 1;

  static constexpr std::uint32_t float_infinity = 0x7f80'0000u;
  static constexpr std::uint32_t float_mantissa = 0x007f'ffffu;

  static constexpr Bits encode(std::uint32_t value) noexcept {
    const std::uint32_t sign = (value >> 31) != 0 ? sign_bit : 0;
    const std::uint32_t magnitude = value & 0x7fff'ffffu;
    if (magnitude > float_infinity) return static_cast<Bits>(sign | encode_nan(magnitude));
    if (magnitude == float_infinity) return static_cast<Bits>(sign | not_finite);

    // magnitude = significand * 2^(exponent - 23); a float's subnormals share the exponent of its smallest normals.
    const auto field = static_cast<int>(magnitude >> 23);
    const int exponent = (field == 0 ? 1 : field) - 127;
    const std::uint64_t significand = (magnitude & float_mantissa) | (field == 0 ? 0u : 1u << 23);
    const int scale = exponent < smallest_exponent ? smallest_exponent : exponent;
    const int dropped = scale - exponent + 23 - mantissa_bits;  // low bits that do not fit
    if (dropped > 25) return static_cast<Bits>(sign);           // less than half of the smallest subnormal
    const std::uint64_t half = std::uint64_t{1} << (dropped - 1);
    const std::uint64_t odd = (significand >> dropped) & 1;
    const auto rounded = static_cast<std::uint32_t>((significand + half - 1 + odd) >> dropped);
    // `rounded` holds the implicit bit of a normal number, and a carry out of the mantissa raises the exponent by
    // itself.
    const std::uint32_t code = (static_cast<std::uint32_t>(scale - smallest_exponent) << mantissa_bits) + rounded;
    return static_cast<Bits>(sign | (code < not_finite ? code : not_finite));
  }

  static constexpr std::uint32_t encode_nan(std::uint32_t magnitude) noexcept {
    if (specials == Specials::finite) return not_finite;
    const std::uint32_t quiet = 1u << (mantissa_bits - 1);
    return top_exponent | quiet | ((magnitude & float_mantissa) >> (23 - mantissa_bits));
  }

  static constexpr std::uint32_t decode(Bits bits) noexcept {
    const std::uint32_t sign = (bits & sign_bit) != 0 ? 0x8000'0000u : 0;
    const std::uint32_t magnitude = bits & (sign_bit - 1);
    const std::uint32_t mantissa = magnitude & mantissa_mask;
    if (specials == Specials::finite && magnitude == not_finite) return sign | 0x7fc0'0000u;
    if (specials == Specials::ieee && magnitude >= not_finite) {
      return sign | float_infinity | mantissa << (23 - mantissa_bits);
    }
    const auto field = static_cast<int>(magnitude >> mantissa_bits);
    if (field != 0) {
      const auto exponent = static_cast<std::uint32_t>(field - 1 + smallest_exponent + 127);
      return sign | exponent << 23 | mantissa << (23 - mantissa_bits);
    }
    if (mantissa == 0) return sign;
    const int top = std::bit_width(mantissa) - 1;
    const int exponent = smallest_exponent - mantissa_bits + top + 127;
    if (exponent <= 0) return sign | mantissa << (23 - mantissa_bits);  // a subnormal of bfloat16 is one of float
    return sign | static_cast<std::uint32_t>(exponent) << 23 | ((mantissa << (23 - top)) & float_mantissa);
  }

  Bits bits_{0};
};

using Float16 = SmallFloat<5, 10>;                      ///< IEEE 754 binary16
using BFloat16 = SmallFloat<8, 7>;                      ///< the upper half of a float
using Float8E5M2 = SmallFloat<5, 2>;                    ///< OCP 8-bit float, range as binary16
using Float8E4M3 = SmallFloat<4, 3, Specials::finite>;  ///< OCP 8-bit float, largest finite number 448

}  // namespace psyne::inline v0
