// The loop of every fold. Compiled once per target of Highway, as lanes-inl.h.
#if defined(PSYNE_COLLECTIVES_REDUCE_COMBINE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef PSYNE_COLLECTIVES_REDUCE_COMBINE_INL_H
#undef PSYNE_COLLECTIVES_REDUCE_COMBINE_INL_H
#else
#define PSYNE_COLLECTIVES_REDUCE_COMBINE_INL_H
#endif

#include "psyne/collectives/reduce/format-inl.h"

HWY_BEFORE_NAMESPACE();
namespace psyne::inline v0::reduce::HWY_NAMESPACE {

struct AsItIs {
  template <class Value>
  HWY_INLINE Value operator()(const Value& value) const {
    return value;
  }
};

// One vector of the result: of each source, in order.
template <class Format, class Operation, class Count, class Finish>
struct CombineStep {
  std::byte* result;
  const std::byte* const* sources;
  Count count;
  Finish finish;

  template <class D>
  HWY_INLINE auto value(D d, std::size_t element) const {
    const std::size_t at = element * Format::bytes;
    auto folded = Format::load(d, sources[0] + at);
    for (std::size_t source = 1; source < count; ++source) {
      folded = Operation::of(folded, Format::load(d, sources[source] + at));
    }
    return finish(folded);
  }
  template <class D, class Value>
  HWY_INLINE void store(D d, std::size_t element, const Value& value) const {
    Format::store(d, value, result + element * Format::bytes);
  }
};

template <class Format, class Operation, class Finish>
HWY_INLINE void combine(std::byte* result, const std::byte* const* sources, std::size_t count, std::size_t elements,
                        Finish finish) {
  if (count == 2) {  // the most frequent by far: both addresses stay in registers, and the loop over sources vanishes
    using Two = std::integral_constant<std::size_t, 2>;
    const std::byte* const two[] = {sources[0], sources[1]};
    const CombineStep<Format, Operation, Two, Finish> step{result, two, Two(), finish};
    return in_steps<typename Format::Lane>(elements, step);
  }
  const CombineStep<Format, Operation, std::size_t, Finish> step{result, sources, count, finish};
  in_steps<typename Format::Lane>(elements, step);
}

template <class Format, class Operation>
void fold(std::byte* result, const std::byte* const* sources, std::size_t count, std::size_t elements) noexcept {
  combine<Format, Operation>(result, sources, count, elements, AsItIs());
}

struct Sum {
  template <class V>
  static HWY_INLINE V of(V left, V right) {
    return lanes::Add(left, right);
  }
};

}  // namespace psyne::inline v0::reduce::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
