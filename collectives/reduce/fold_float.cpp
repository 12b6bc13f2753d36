#include <psyne/collectives/reduce/fold_float.hpp>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "psyne/collectives/reduce/fold_float.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "psyne/collectives/reduce/combine-inl.h"

HWY_BEFORE_NAMESPACE();
namespace psyne::inline v0::reduce::HWY_NAMESPACE {

namespace {

struct Product {
  template <class V>
  static HWY_INLINE V of(V left, V right) {
    return lanes::Mul(left, right);
  }
};

struct ComplexProduct {
  template <class Parts>
  static HWY_INLINE Parts of(const Parts& left, const Parts& right) {
    return {lanes::Sub(lanes::Mul(left.real, right.real), lanes::Mul(left.imaginary, right.imaginary)),
            lanes::Add(lanes::Mul(left.real, right.imaginary), lanes::Mul(left.imaginary, right.real))};
  }
};

// Where neither is less, they are equal, and their bits too unless they are -0 and 0, or one is NaN: the bits of both
// together are -0 then, or a NaN.
struct Min {
  template <class V>
  static HWY_INLINE V of(V left, V right) {
    const auto neither = lanes::Or(left, right);
    return lanes::IfThenElse(lanes::Lt(left, right), left, lanes::IfThenElse(lanes::Lt(right, left), right, neither));
  }
};

struct Max {
  template <class V>
  static HWY_INLINE V of(V left, V right) {
    return lanes::Neg(Min::of(lanes::Neg(left), lanes::Neg(right)));
  }
};

template <class Format>
FoldKernel of_float(Fold wanted) {
  switch (wanted) {
    case Fold::sum: return fold<Format, Sum>;
    case Fold::product: return fold<Format, Product>;
    case Fold::min: return fold<Format, Min>;
    case Fold::max: return fold<Format, Max>;
    default: return nullptr;
  }
}

template <class Operation>
struct OfBoth {
  template <class Two>
  static HWY_INLINE Two of(const Two& left, const Two& right) {
    return {Operation::of(left.low, right.low), Operation::of(left.high, right.high)};
  }
};

template <class Operation>
void brain_fold(std::byte* result, const std::byte* const* sources, std::size_t count, std::size_t elements) noexcept {
  fold<BrainPair, OfBoth<Operation>>(result, sources, count, elements / 2);
  if (elements % 2 == 0) return;
  const CombineStep<Brain, Operation, std::size_t, AsItIs> last{result, sources, count, AsItIs()};
  const lanes::CappedTag<float, 1> single;
  last.store(single, elements - 1, last.value(single, elements - 1));
}

FoldKernel of_brain(Fold wanted) {
  switch (wanted) {
    case Fold::sum: return brain_fold<Sum>;
    case Fold::product: return brain_fold<Product>;
    case Fold::min: return brain_fold<Min>;
    case Fold::max: return brain_fold<Max>;
    default: return nullptr;
  }
}

template <class T>
void complex_sum(std::byte* result, const std::byte* const* sources, std::size_t count, std::size_t elements) noexcept {
  fold<Floating<T>, Sum>(result, sources, count, 2 * elements);
}

template <class T>
FoldKernel of_complex(Fold wanted) {
  switch (wanted) {
    case Fold::sum: return complex_sum<T>;
    case Fold::product: return fold<Complex<T>, ComplexProduct>;
    default: return nullptr;
  }
}

}  // namespace

FoldKernel fold_float(Fold wanted, DType dtype) {
  switch (dtype) {
    case DType::f16: return of_float<Half>(wanted);
    case DType::bf16: return of_brain(wanted);
    case DType::f32: return of_float<Floating<float>>(wanted);
    case DType::f64: return of_float<Floating<double>>(wanted);
    case DType::f8e4m3: return of_float<E4M3>(wanted);
    case DType::f8e5m2: return of_float<E5M2>(wanted);
    case DType::complex64: return of_complex<float>(wanted);
    case DType::complex128: return of_complex<double>(wanted);
    default: return nullptr;
  }
}

}  // namespace psyne::inline v0::reduce::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace psyne::inline v0::reduce {

HWY_EXPORT(fold_float);

FoldKernel fold_float(Fold fold, DType dtype) noexcept { return HWY_DYNAMIC_DISPATCH(fold_float)(fold, dtype); }

}  // namespace psyne::inline v0::reduce
#endif
