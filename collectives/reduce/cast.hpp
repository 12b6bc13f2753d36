#pragma once

#include <psyne/core/message/tensor/dtype.hpp>

#include <cstddef>

namespace psyne::inline v0 {

/// result[i] = source[i] in another dtype, for each of `elements`. The two do not overlap, unless the dtypes are as
/// wide and `result` is `source`. No place needs to be aligned. Any thread may call it; it allocates nothing and never
/// waits.
using CastKernel = void (*)(std::byte* result, const std::byte* source, std::size_t elements) noexcept;

/// The fastest kernel of this machine, or nullptr unless both are of f64, f32, f16, bf16, f8e4m3 and f8e5m2.
///
/// Exact where the number exists, else rounded once to nearest, ties to even, from f64 as well. What is too large
/// becomes infinity; in f8 the largest finite number, unlike SmallFloat's. An infinity stays one, and is 448 in f8e4m3,
/// which has none. A NaN becomes the one that folds give (fold.hpp), save that a cast to the same dtype copies.
CastKernel cast_kernel(DType to, DType from) noexcept;

}  // namespace psyne::inline v0
