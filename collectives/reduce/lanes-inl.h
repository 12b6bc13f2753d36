// Vectors from and to bytes, and the way through an array in steps of them. Compiled once per target of Highway, and so
// guarded as its own -inl.h headers are; part of no public header.
#if defined(PSYNE_COLLECTIVES_REDUCE_LANES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef PSYNE_COLLECTIVES_REDUCE_LANES_INL_H
#undef PSYNE_COLLECTIVES_REDUCE_LANES_INL_H
#else
#define PSYNE_COLLECTIVES_REDUCE_LANES_INL_H
#endif

#include "hwy/highway.h"

#include <cstddef>
#include <cstring>

HWY_BEFORE_NAMESPACE();
namespace psyne::inline v0::reduce::HWY_NAMESPACE {

namespace lanes = hwy::HWY_NAMESPACE;

template <class D>
HWY_INLINE lanes::Vec<D> load(D d, const std::byte* at) {
  using Lane = lanes::TFromD<D>;
  if constexpr (lanes::MaxLanes(D()) == 1) {
    Lane lane;
    std::memcpy(&lane, at, sizeof lane);
    return lanes::Set(d, lane);
  } else {
    return lanes::LoadU(d, reinterpret_cast<const Lane*>(at));
  }
}

template <class D>
HWY_INLINE void store(D d, lanes::Vec<D> value, std::byte* at) {
  using Lane = lanes::TFromD<D>;
  if constexpr (lanes::MaxLanes(D()) == 1) {
    const Lane lane = lanes::GetLane(value);
    std::memcpy(at, &lane, sizeof lane);
  } else {
    lanes::StoreU(value, d, reinterpret_cast<Lane*>(at));
  }
}

// Stores step.value(tag, i) by step.store(tag, i, value) for vectors that begin at element i, and cover all of them:
// whole vectors, then 16 bytes, then single lanes. Nothing beyond the last element is touched.
//
// Four values are made before the first is stored: f32 sums by AVX-512 in the second-level cache 36 GB/s, were 27; of
// 4 MiB 25 GB/s, were 20 (EPYC, medians of 41 runs, twice interleaved).
template <class Lane, class Step>
HWY_INLINE void in_steps(std::size_t elements, const Step& step) {
  const lanes::ScalableTag<Lane> whole;
  const lanes::CappedTag<Lane, 16 / sizeof(Lane)> short_one;
  const lanes::CappedTag<Lane, 1> single;
  const std::size_t width = lanes::Lanes(whole), short_width = lanes::Lanes(short_one);
  std::size_t i = 0;
  for (; elements - i >= 4 * width; i += 4 * width) {
    const auto first = step.value(whole, i), second = step.value(whole, i + width);
    const auto third = step.value(whole, i + 2 * width), fourth = step.value(whole, i + 3 * width);
    step.store(whole, i, first);
    step.store(whole, i + width, second);
    step.store(whole, i + 2 * width, third);
    step.store(whole, i + 3 * width, fourth);
  }
  for (; elements - i >= width; i += width) step.store(whole, i, step.value(whole, i));
  for (; elements - i >= short_width; i += short_width) step.store(short_one, i, step.value(short_one, i));
  for (; i < elements; ++i) step.store(single, i, step.value(single, i));
}

}  // namespace psyne::inline v0::reduce::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
