#include <psyne/collectives/reduce/fold_integer.hpp>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "psyne/collectives/reduce/fold_integer.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "psyne/collectives/reduce/combine-inl.h"

HWY_BEFORE_NAMESPACE();
namespace psyne::inline v0::reduce::HWY_NAMESPACE {

namespace {

struct Product {
  template <class V>
  static HWY_INLINE V of(V left, V right) {
    const lanes::DFromV<V> d;
    if constexpr (sizeof(lanes::TFromV<V>) < 8) {
      return lanes::Mul(left, right);
    } else if constexpr (lanes::MaxLanes(d) == 1) {
      return lanes::Set(d, lanes::GetLane(left) * lanes::GetLane(right));
    } else {  // no target below AVX-512 multiplies lanes of 64 bits: the lower halves, and what crosses from the upper
      const lanes::Repartition<std::uint32_t, lanes::DFromV<V>> halves;
      const auto low = lanes::BitCast(halves, left), other_low = lanes::BitCast(halves, right);
      const auto high = lanes::BitCast(halves, lanes::ShiftRight<32>(left));
      const auto other_high = lanes::BitCast(halves, lanes::ShiftRight<32>(right));
      const auto crossed = lanes::Add(lanes::MulEven(low, other_high), lanes::MulEven(high, other_low));
      return lanes::Add(lanes::MulEven(low, other_low), lanes::ShiftLeft<32>(crossed));
    }
  }
};

struct Min {
  template <class V>
  static HWY_INLINE V of(V left, V right) {
    return lanes::Min(left, right);
  }
};

struct Max {
  template <class V>
  static HWY_INLINE V of(V left, V right) {
    return lanes::Max(left, right);
  }
};

struct BitAnd {
  template <class V>
  static HWY_INLINE V of(V left, V right) {
    return lanes::And(left, right);
  }
};

struct BitOr {
  template <class V>
  static HWY_INLINE V of(V left, V right) {
    return lanes::Or(left, right);
  }
};

struct BitXor {
  template <class V>
  static HWY_INLINE V of(V left, V right) {
    return lanes::Xor(left, right);
  }
};

// Of signed numbers too the sum, the product and the bits are computed unsigned, which wraps.
template <class T>
FoldKernel of_integer(Fold wanted) {
  using Unsigned = std::make_unsigned_t<T>;
  using Factor = std::conditional_t<sizeof(T) == 1, WidenedByte, Whole<Unsigned>>;
  switch (wanted) {
    case Fold::sum: return fold<Whole<Unsigned>, Sum>;
    case Fold::product: return fold<Factor, Product>;
    case Fold::min: return fold<Whole<T>, Min>;
    case Fold::max: return fold<Whole<T>, Max>;
    case Fold::bit_and: return fold<Whole<Unsigned>, BitAnd>;
    case Fold::bit_or: return fold<Whole<Unsigned>, BitOr>;
    case Fold::bit_xor: return fold<Whole<Unsigned>, BitXor>;
  }
  return nullptr;
}

FoldKernel of_truth(Fold wanted) {
  switch (wanted) {
    case Fold::sum:
    case Fold::max:
    case Fold::bit_or: return fold<Truth, BitOr>;
    case Fold::product:
    case Fold::min:
    case Fold::bit_and: return fold<Truth, BitAnd>;
    case Fold::bit_xor: return fold<Truth, BitXor>;
  }
  return nullptr;
}

}  // namespace

FoldKernel fold_integer(Fold wanted, DType dtype) {
  switch (dtype) {
    case DType::i8: return of_integer<std::int8_t>(wanted);
    case DType::i16: return of_integer<std::int16_t>(wanted);
    case DType::i32: return of_integer<std::int32_t>(wanted);
    case DType::i64: return of_integer<std::int64_t>(wanted);
    case DType::u8: return of_integer<std::uint8_t>(wanted);
    case DType::u16: return of_integer<std::uint16_t>(wanted);
    case DType::u32: return of_integer<std::uint32_t>(wanted);
    case DType::u64: return of_integer<std::uint64_t>(wanted);
    case DType::boolean: return of_truth(wanted);
    default: return nullptr;
  }
}

}  // namespace psyne::inline v0::reduce::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace psyne::inline v0::reduce {

HWY_EXPORT(fold_integer);

FoldKernel fold_integer(Fold fold, DType dtype) noexcept { return HWY_DYNAMIC_DISPATCH(fold_integer)(fold, dtype); }

}  // namespace psyne::inline v0::reduce
#endif
