// Small floats to and from lanes of f32. Compiled once per target of Highway, as lanes-inl.h.
#if defined(PSYNE_COLLECTIVES_REDUCE_SMALL_FLOAT_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef PSYNE_COLLECTIVES_REDUCE_SMALL_FLOAT_INL_H
#undef PSYNE_COLLECTIVES_REDUCE_SMALL_FLOAT_INL_H
#else
#define PSYNE_COLLECTIVES_REDUCE_SMALL_FLOAT_INL_H
#endif

#include "psyne/collectives/reduce/lanes-inl.h"

#include <cstdint>
#include <type_traits>

HWY_BEFORE_NAMESPACE();
namespace psyne::inline v0::reduce::HWY_NAMESPACE {

// What becomes of a number beyond the largest finite one; e4m3 has no infinity, so that its infinities too are clamped.
enum class Overflow : std::uint8_t { infinity, clamp_finite, clamp_all };

// Coded<bits>: the bits of a float as lanes of 32.
template <int exponent_bits, int mantissa_bits, Overflow overflow>
struct SmallFloatCode {
  using Bits = std::conditional_t<1 + exponent_bits + mantissa_bits == 8, std::uint8_t, std::uint16_t>;

  static constexpr bool has_infinity = overflow != Overflow::clamp_all;
  static constexpr int bias = (1 << (exponent_bits - 1)) - 1;
  static constexpr int dropped = 23 - mantissa_bits;
  static constexpr int sign_shift = 31 - exponent_bits - mantissa_bits;
  static constexpr std::int32_t rebias = (127 - bias) << 23;
  static constexpr std::int32_t magnitude_mask = (1 << (exponent_bits + mantissa_bits)) - 1;
  static constexpr std::int32_t top_exponent = ((1 << exponent_bits) - 1) << mantissa_bits;
  static constexpr std::int32_t first_special = has_infinity ? top_exponent : magnitude_mask;
  static constexpr std::int32_t quiet_nan = has_infinity ? top_exponent | 1 << (mantissa_bits - 1) : magnitude_mask;
  static constexpr std::int32_t float_infinity = 0x7f80'0000;

  // 2^exponent as a float's bits.
  static constexpr std::int32_t power(int exponent) { return (exponent + 127) << 23; }
  // The smallest normal number; of the subnormal ones, what they are multiples of.
  static constexpr std::int32_t smallest_normal = power(1 - bias);
  static constexpr std::int32_t unit = power(1 - bias - mantissa_bits);
  // The largest float that needs no clamping: rounded as any other it becomes infinity, or is the largest finite one.
  static constexpr std::int32_t limit =
      overflow == Overflow::infinity ? power(bias + 1) : ((first_special - 1) << dropped) + rebias;

  template <class D, class I = lanes::RebindToSigned<D>>
  static HWY_INLINE lanes::Vec<D> decode(D d, lanes::Vec<I> bits) {
    const I di;
    const auto magnitude = lanes::And(bits, lanes::Set(di, magnitude_mask));
    const auto sign = lanes::ShiftLeft<sign_shift>(lanes::AndNot(lanes::Set(di, magnitude_mask), bits));
    const auto placed = lanes::ShiftLeft<dropped>(magnitude);
    const auto normal = lanes::Add(placed, lanes::Set(di, rebias));
    // Converted from an integer, so that no subnormal float comes up, which "denormals are zero" would flush.
    const auto subnormal =
        lanes::BitCast(di, lanes::Mul(lanes::ConvertTo(d, magnitude), lanes::BitCast(d, lanes::Set(di, unit))));
    const auto finite = lanes::IfThenElse(lanes::Lt(magnitude, lanes::Set(di, 1 << mantissa_bits)), subnormal, normal);
    const auto special =
        has_infinity ? lanes::Or(placed, lanes::Set(di, float_infinity)) : lanes::Set(di, float_infinity | 1 << 22);
    const auto is_finite = lanes::Lt(magnitude, lanes::Set(di, first_special));
    return lanes::BitCast(d, lanes::Or(sign, lanes::IfThenElse(is_finite, finite, special)));
  }

  template <class D, class I = lanes::RebindToSigned<D>>
  static HWY_INLINE lanes::Vec<I> encode(D d, lanes::Vec<D> value) {
    const I di;
    const lanes::RebindToUnsigned<D> du;
    const auto bits = lanes::BitCast(di, value);
    const auto magnitude = lanes::And(bits, lanes::Set(di, 0x7fff'ffff));
    const auto clamped = lanes::Min(magnitude, lanes::Set(di, limit));
    // Half of the last place less one, and one more where the last place is odd: ties go to even.
    const auto odd = lanes::And(lanes::ShiftRight<dropped>(clamped), lanes::Set(di, 1));
    const auto raised = lanes::Add(lanes::Add(clamped, odd), lanes::Set(di, (1 << (dropped - 1)) - 1 - rebias));
    const auto normal = lanes::ShiftRight<dropped>(raised);
    // Added to a number whose last place is the smallest subnormal's, it is rounded to multiples of that.
    const auto magnet = lanes::Set(di, unit + (23 << 23));
    const auto pulled = lanes::Add(lanes::BitCast(d, clamped), lanes::BitCast(d, magnet));
    const auto subnormal = lanes::Sub(lanes::BitCast(di, pulled), magnet);
    auto code = lanes::IfThenElse(lanes::Lt(clamped, lanes::Set(di, smallest_normal)), subnormal, normal);
    if constexpr (overflow == Overflow::clamp_finite) {
      const auto infinite = lanes::Eq(magnitude, lanes::Set(di, float_infinity));
      code = lanes::IfThenElse(infinite, lanes::Set(di, top_exponent), code);
    }
    const auto sign = lanes::ShiftRight<31>(lanes::BitCast(du, bits));
    const auto placed_sign = lanes::BitCast(di, lanes::ShiftLeft<exponent_bits + mantissa_bits>(sign));
    const auto nan = lanes::Gt(magnitude, lanes::Set(di, float_infinity));
    return lanes::IfThenElse(nan, lanes::Set(di, quiet_nan), lanes::Or(code, placed_sign));
  }
};

// The upper half of a float: of its own, because its subnormals are those of float, and because it can be so short.
struct BrainFloatCode {
  using Bits = std::uint16_t;

  template <class D, class I = lanes::RebindToSigned<D>>
  static HWY_INLINE lanes::Vec<D> decode(D d, lanes::Vec<I> bits) {
    return lanes::BitCast(d, lanes::ShiftLeft<16>(bits));
  }

  // Rounded, in the upper half; anything in the lower one.
  template <class D, class U = lanes::RebindToUnsigned<D>>
  static HWY_INLINE lanes::Vec<U> upper_half(D, lanes::Vec<D> value) {
    const U du;
    const auto nan = lanes::RebindMask(du, lanes::IsNaN(value));
    const auto bits = lanes::BitCast(du, value);
    const auto odd = lanes::And(lanes::ShiftRight<16>(bits), lanes::Set(du, 1));
    const auto raised = lanes::Add(lanes::Add(bits, odd), lanes::Set(du, 0x7fff));
    return lanes::IfThenElse(nan, lanes::Set(du, 0x7fc0'0000), raised);
  }

  template <class D, class I = lanes::RebindToSigned<D>>
  static HWY_INLINE lanes::Vec<I> encode(D d, lanes::Vec<D> value) {
    return lanes::BitCast(I(), lanes::ShiftRight<16>(upper_half(d, value)));
  }
};

}  // namespace psyne::inline v0::reduce::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
