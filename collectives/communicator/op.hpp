#pragma once

#include <psyne/collectives/reduce/fold.hpp>

#include <cstdint>

namespace psyne::inline v0 {

/// How the elements of all ranks become one. A plain value: Op::sum, Op::average, ...
///
/// Which fold is defined for which type, and what becomes of NaN, overflow and rounding, stands with the kernels
/// (collectives/reduce/fold.hpp). The average is the sum divided by the number of ranks.
struct Op {
  Fold fold = Fold::sum;
  bool average_of_sum = false;

  static const Op sum;
  static const Op product;
  static const Op min;
  static const Op max;
  static const Op average;
  static const Op bit_and;
  static const Op bit_or;
  static const Op bit_xor;
};

inline constexpr Op Op::sum{Fold::sum, false};
inline constexpr Op Op::product{Fold::product, false};
inline constexpr Op Op::min{Fold::min, false};
inline constexpr Op Op::max{Fold::max, false};
inline constexpr Op Op::average{Fold::sum, true};
inline constexpr Op Op::bit_and{Fold::bit_and, false};
inline constexpr Op Op::bit_or{Fold::bit_or, false};
inline constexpr Op Op::bit_xor{Fold::bit_xor, false};

}  // namespace psyne::inline v0
