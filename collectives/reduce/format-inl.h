// How elements lie in memory, and in which lanes they are computed with: a format loads one vector of them, and stores
// one. Compiled once per target of Highway, as lanes-inl.h.
#if defined(PSYNE_COLLECTIVES_REDUCE_FORMAT_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef PSYNE_COLLECTIVES_REDUCE_FORMAT_INL_H
#undef PSYNE_COLLECTIVES_REDUCE_FORMAT_INL_H
#else
#define PSYNE_COLLECTIVES_REDUCE_FORMAT_INL_H
#endif

#include "psyne/collectives/reduce/small_float-inl.h"

#include <limits>

HWY_BEFORE_NAMESPACE();
namespace psyne::inline v0::reduce::HWY_NAMESPACE {

// Integers, as they are.
template <class T>
struct Whole {
  using Lane = T;
  static constexpr std::size_t bytes = sizeof(T);

  template <class D>
  static HWY_INLINE lanes::Vec<D> load(D d, const std::byte* at) {
    return reduce::HWY_NAMESPACE::load(d, at);
  }
  template <class D>
  static HWY_INLINE void store(D d, lanes::Vec<D> value, std::byte* at) {
    reduce::HWY_NAMESPACE::store(d, value, at);
  }
};

// Bytes in lanes of 16 bits, for a product, which no target has for lanes of 8; what is above 8 bits is dropped.
struct WidenedByte {
  using Lane = std::uint16_t;
  static constexpr std::size_t bytes = 1;

  template <class D>
  static HWY_INLINE lanes::Vec<D> load(D d, const std::byte* at) {
    return lanes::PromoteTo(d, reduce::HWY_NAMESPACE::load(lanes::Rebind<std::uint8_t, D>(), at));
  }
  template <class D>
  static HWY_INLINE void store(D d, lanes::Vec<D> value, std::byte* at) {
    const lanes::Rebind<std::uint8_t, D> narrow;
    const auto low = lanes::BitCast(lanes::RebindToSigned<D>(), lanes::And(value, lanes::Set(d, 0xff)));
    reduce::HWY_NAMESPACE::store(narrow, lanes::DemoteTo(narrow, low), at);
  }
};

// Truth values: whatever another process wrote, 0 or 1 in a lane.
struct Truth {
  using Lane = std::uint8_t;
  static constexpr std::size_t bytes = 1;

  template <class D>
  static HWY_INLINE lanes::Vec<D> load(D d, const std::byte* at) {
    return lanes::Min(reduce::HWY_NAMESPACE::load(d, at), lanes::Set(d, 1));
  }
  template <class D>
  static HWY_INLINE void store(D d, lanes::Vec<D> value, std::byte* at) {
    reduce::HWY_NAMESPACE::store(d, value, at);
  }
};

// Which NaN comes out of an operation differs between processors, and with the order of its operands, which compilers
// change: so all become one.
template <class D>
HWY_INLINE lanes::Vec<D> one_nan(D d, lanes::Vec<D> value) {
  const auto quiet = lanes::Set(d, std::numeric_limits<lanes::TFromD<D>>::quiet_NaN());
  return lanes::IfThenElse(lanes::IsNaN(value), quiet, value);
}

// float and double.
template <class T>
struct Floating : Whole<T> {
  template <class D>
  static HWY_INLINE void store(D d, lanes::Vec<D> value, std::byte* at) {
    reduce::HWY_NAMESPACE::store(d, one_nan(d, value), at);
  }
};

// Small floats, in lanes of f32.
template <class Code>
struct Small {
  using Lane = float;
  static constexpr std::size_t bytes = sizeof(typename Code::Bits);

  template <class D>
  static HWY_INLINE lanes::Vec<D> load(D d, const std::byte* at) {
    const lanes::Rebind<typename Code::Bits, D> narrow;
    return Code::decode(d, lanes::PromoteTo(lanes::RebindToSigned<D>(), reduce::HWY_NAMESPACE::load(narrow, at)));
  }
  template <class D>
  static HWY_INLINE void store(D d, lanes::Vec<D> value, std::byte* at) {
    const lanes::Rebind<typename Code::Bits, D> narrow;
    reduce::HWY_NAMESPACE::store(narrow, lanes::DemoteTo(narrow, Code::encode(d, value)), at);
  }
};

// f16 where the processor converts it by itself.
struct NativeHalf {
  using Lane = float;
  static constexpr std::size_t bytes = 2;

  template <class D>
  static HWY_INLINE lanes::Vec<D> load(D d, const std::byte* at) {
    const lanes::Rebind<std::uint16_t, D> narrow;
    const auto bits = reduce::HWY_NAMESPACE::load(narrow, at);
    return lanes::PromoteTo(d, lanes::BitCast(lanes::Rebind<hwy::float16_t, D>(), bits));
  }
  template <class D>
  static HWY_INLINE void store(D d, lanes::Vec<D> value, std::byte* at) {
    const auto half = lanes::DemoteTo(lanes::Rebind<hwy::float16_t, D>(), one_nan(d, value));
    const lanes::Rebind<std::uint16_t, D> narrow;
    reduce::HWY_NAMESPACE::store(narrow, lanes::BitCast(narrow, half), at);
  }
};

// Highway's own substitute, where there is none, knows neither infinity nor NaN.
using Half = std::conditional_t<HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON, NativeHalf,
                                Small<SmallFloatCode<5, 10, Overflow::infinity>>>;
using Brain = Small<BrainFloatCode>;
using E4M3 = Small<SmallFloatCode<4, 3, Overflow::clamp_all>>;
using E5M2 = Small<SmallFloatCode<5, 2, Overflow::clamp_finite>>;

// Two bf16 that lie side by side, each in the upper half of a lane of its own vector: nothing moves between lanes.
// Sums of two: 20.6 GB/s, were 13.6; from memory 19.9, were 13.5 (EPYC, AVX-512, medians of 41 runs).
struct BrainPair {
  using Lane = float;
  static constexpr std::size_t bytes = 4;
  static constexpr std::uint32_t upper = 0xffff'0000;

  template <class V>
  struct Two {
    V low, high;
  };

  template <class D>
  static HWY_INLINE Two<lanes::Vec<D>> load(D d, const std::byte* at) {
    const lanes::RebindToUnsigned<D> du;
    const auto bits = reduce::HWY_NAMESPACE::load(du, at);
    return {lanes::BitCast(d, lanes::ShiftLeft<16>(bits)), lanes::BitCast(d, lanes::And(bits, lanes::Set(du, upper)))};
  }
  template <class D>
  static HWY_INLINE void store(D d, const Two<lanes::Vec<D>>& two, std::byte* at) {
    const lanes::RebindToUnsigned<D> du;
    const auto low = lanes::ShiftRight<16>(BrainFloatCode::upper_half(d, two.low));
    const auto high = lanes::And(BrainFloatCode::upper_half(d, two.high), lanes::Set(du, upper));
    reduce::HWY_NAMESPACE::store(du, lanes::Or(low, high), at);
  }
};

// Complex numbers: their real parts in one vector, their imaginary parts in another.
template <class T>
struct Complex {
  using Lane = T;
  static constexpr std::size_t bytes = 2 * sizeof(T);

  template <class V>
  struct Parts {
    V real, imaginary;
  };

  template <class D>
  static HWY_INLINE Parts<lanes::Vec<D>> load(D d, const std::byte* at) {
    if constexpr (lanes::MaxLanes(D()) == 1) {
      return {reduce::HWY_NAMESPACE::load(d, at), reduce::HWY_NAMESPACE::load(d, at + sizeof(T))};
    } else {
      lanes::Vec<D> real, imaginary;
      lanes::LoadInterleaved2(d, reinterpret_cast<const T*>(at), real, imaginary);
      return {real, imaginary};
    }
  }
  template <class D>
  static HWY_INLINE void store(D d, const Parts<lanes::Vec<D>>& parts, std::byte* at) {
    const auto real = one_nan(d, parts.real), imaginary = one_nan(d, parts.imaginary);
    if constexpr (lanes::MaxLanes(D()) == 1) {
      reduce::HWY_NAMESPACE::store(d, real, at);
      reduce::HWY_NAMESPACE::store(d, imaginary, at + sizeof(T));
    } else {
      lanes::StoreInterleaved2(real, imaginary, d, reinterpret_cast<T*>(at));
    }
  }
};

}  // namespace psyne::inline v0::reduce::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
