#include <psyne/collectives/reduce/average_float.hpp>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "psyne/collectives/reduce/average_float.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "psyne/collectives/reduce/combine-inl.h"

HWY_BEFORE_NAMESPACE();
namespace psyne::inline v0::reduce::HWY_NAMESPACE {

namespace {

template <class Lane>
struct DividedBy {
  Lane divisor;

  template <class V>
  HWY_INLINE V operator()(V sum) const {
    return lanes::Div(sum, lanes::Set(lanes::DFromV<V>(), divisor));
  }
};

template <class Format, std::size_t parts = 1>
void average(std::byte* result, const std::byte* const* sources, std::size_t count, std::size_t elements,
             std::uint64_t divisor) noexcept {
  using Lane = typename Format::Lane;
  combine<Format, Sum>(result, sources, count, parts * elements, DividedBy<Lane>{static_cast<Lane>(divisor)});
}

}  // namespace

AverageKernel average_float(DType dtype) {
  switch (dtype) {
    case DType::f16: return average<Half>;
    case DType::bf16: return average<Brain>;
    case DType::f32: return average<Floating<float>>;
    case DType::f64: return average<Floating<double>>;
    case DType::f8e4m3: return average<E4M3>;
    case DType::f8e5m2: return average<E5M2>;
    case DType::complex64: return average<Floating<float>, 2>;
    case DType::complex128: return average<Floating<double>, 2>;
    default: return nullptr;
  }
}

}  // namespace psyne::inline v0::reduce::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace psyne::inline v0::reduce {

HWY_EXPORT(average_float);

AverageKernel average_float(DType dtype) noexcept { return HWY_DYNAMIC_DISPATCH(average_float)(dtype); }

}  // namespace psyne::inline v0::reduce
#endif
