#include <psyne/collectives/reduce/scale_float.hpp>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "psyne/collectives/reduce/scale_float.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "psyne/collectives/reduce/format-inl.h"

HWY_BEFORE_NAMESPACE();
namespace psyne::inline v0::reduce::HWY_NAMESPACE {

namespace {

template <class Format>
struct ScaleStep {
  std::byte* result;
  const std::byte* source;
  typename Format::Lane factor;

  template <class D>
  HWY_INLINE auto value(D d, std::size_t element) const {
    return lanes::Mul(Format::load(d, source + element * Format::bytes), lanes::Set(d, factor));
  }
  template <class D, class Value>
  HWY_INLINE void store(D d, std::size_t element, const Value& value) const {
    Format::store(d, value, result + element * Format::bytes);
  }
};

template <class Format, std::size_t parts = 1>
void scale(std::byte* result, const std::byte* source, std::size_t elements, double factor) noexcept {
  using Lane = typename Format::Lane;
  in_steps<Lane>(parts * elements, ScaleStep<Format>{result, source, static_cast<Lane>(factor)});
}

}  // namespace

ScaleKernel scale_float(DType dtype) {
  switch (dtype) {
    case DType::f16: return scale<Half>;
    case DType::bf16: return scale<Brain>;
    case DType::f32: return scale<Floating<float>>;
    case DType::f64: return scale<Floating<double>>;
    case DType::f8e4m3: return scale<E4M3>;
    case DType::f8e5m2: return scale<E5M2>;
    case DType::complex64: return scale<Floating<float>, 2>;
    case DType::complex128: return scale<Floating<double>, 2>;
    default: return nullptr;
  }
}

}  // namespace psyne::inline v0::reduce::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace psyne::inline v0::reduce {

HWY_EXPORT(scale_float);

ScaleKernel scale_float(DType dtype) noexcept { return HWY_DYNAMIC_DISPATCH(scale_float)(dtype); }

}  // namespace psyne::inline v0::reduce
#endif
