#include <psyne/collectives/reduce/cast.hpp>

#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "psyne/collectives/reduce/cast.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "psyne/collectives/reduce/format-inl.h"

HWY_BEFORE_NAMESPACE();
namespace psyne::inline v0::reduce::HWY_NAMESPACE {

namespace {

// Where Highway has no vectors, its own gives the largest finite number in place of infinity.
template <class D, class V>
HWY_INLINE lanes::Vec<D> nearest(D d, V value) {
  if constexpr (HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128) {
    double wide[lanes::MaxLanes(D())];
    float narrow[lanes::MaxLanes(D())];
    lanes::StoreU(value, lanes::DFromV<V>(), wide);
    for (std::size_t i = 0; i < lanes::MaxLanes(D()); ++i) narrow[i] = static_cast<float>(wide[i]);
    return lanes::LoadU(d, narrow);
  } else {
    return lanes::DemoteTo(d, value);
  }
}

// To a float whose last bit is set unless it is exact: rounded again, to fewer bits, it becomes what the double does.
// (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums: proved algorithms using rounding to odd", 2008)
template <class D, class V>
HWY_INLINE lanes::Vec<D> to_odd(D d, V value) {
  const lanes::DFromV<V> wide;
  const lanes::RebindToSigned<D> integers;
  const auto rounded = nearest(d, value);
  const auto magnitude = lanes::Abs(value), kept = lanes::Abs(lanes::PromoteTo(wide, rounded));
  const auto more = lanes::IfThenElseZero(lanes::Gt(kept, magnitude), lanes::Set(wide, -1.0));
  const auto added = nearest(d, lanes::IfThenElse(lanes::Lt(kept, magnitude), lanes::Set(wide, 1.0), more));
  const auto zero = lanes::Zero(d);
  const auto one = lanes::Set(integers, 1);
  const auto too_large = lanes::RebindMask(integers, lanes::Lt(added, zero));
  const auto inexact = lanes::RebindMask(integers, lanes::Ne(added, zero));
  auto bits = lanes::BitCast(integers, rounded);
  bits = lanes::Sub(bits, lanes::IfThenElseZero(too_large, one));
  return lanes::BitCast(d, lanes::Or(bits, lanes::IfThenElseZero(inexact, one)));
}

template <class To, class From>
struct CastStep {
  std::byte* result;
  const std::byte* source;

  template <class D>
  HWY_INLINE auto value(D, std::size_t element) const {
    const lanes::Rebind<typename To::Lane, D> to;
    const lanes::Rebind<typename From::Lane, D> from;
    const auto number = From::load(from, source + element * From::bytes);
    if constexpr (std::is_same_v<typename To::Lane, typename From::Lane>) {
      return number;
    } else if constexpr (std::is_same_v<typename To::Lane, double>) {
      return lanes::PromoteTo(to, number);
    } else if constexpr (To::bytes == sizeof(float)) {
      return nearest(to, number);
    } else {
      return to_odd(to, number);
    }
  }
  template <class D, class Value>
  HWY_INLINE void store(D, std::size_t element, const Value& value) const {
    To::store(lanes::Rebind<typename To::Lane, D>(), value, result + element * To::bytes);
  }
};

template <class To, class From>
void cast(std::byte* result, const std::byte* source, std::size_t elements) noexcept {
  if constexpr (std::is_same_v<To, From>) {
    if (elements != 0) std::memmove(result, source, elements * To::bytes);
  } else {
    constexpr bool wide = To::bytes == sizeof(double) || From::bytes == sizeof(double);
    in_steps<std::conditional_t<wide, double, float>>(elements, CastStep<To, From>{result, source});
  }
}

template <class To>
CastKernel cast_to(DType from) {
  switch (from) {
    case DType::f64: return cast<To, Floating<double>>;
    case DType::f32: return cast<To, Floating<float>>;
    case DType::f16: return cast<To, Half>;
    case DType::bf16: return cast<To, Brain>;
    case DType::f8e4m3: return cast<To, E4M3>;
    case DType::f8e5m2: return cast<To, E5M2>;
    default: return nullptr;
  }
}

}  // namespace

CastKernel choose_cast(DType to, DType from) {
  switch (to) {
    case DType::f64: return cast_to<Floating<double>>(from);
    case DType::f32: return cast_to<Floating<float>>(from);
    case DType::f16: return cast_to<Half>(from);
    case DType::bf16: return cast_to<Brain>(from);
    case DType::f8e4m3: return cast_to<E4M3>(from);
    case DType::f8e5m2: return cast_to<E5M2>(from);
    default: return nullptr;
  }
}

}  // namespace psyne::inline v0::reduce::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace psyne::inline v0 {

namespace reduce {
HWY_EXPORT(choose_cast);
}  // namespace reduce

CastKernel cast_kernel(DType to, DType from) noexcept {
  using namespace reduce;  // NOLINT(google-build-using-namespace): of the table that HWY_EXPORT defines
  return HWY_DYNAMIC_DISPATCH(choose_cast)(to, from);
}

}  // namespace psyne::inline v0
#endif
