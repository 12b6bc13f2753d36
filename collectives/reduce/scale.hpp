#pragma once

#include <psyne/core/message/tensor/dtype.hpp>

#include <cstddef>

namespace psyne::inline v0 {

/// result[i] = source[i] * factor, for each of `elements`: what a pre-multiplied sum begins with. `result` may be
/// `source`, and does not overlap it otherwise. No place needs to be aligned. Any thread may call it; it allocates
/// nothing and never waits.
using ScaleKernel = void (*)(std::byte* result, const std::byte* source, std::size_t elements, double factor) noexcept;

/// The fastest kernel of this machine, or nullptr for boolean.
///
///   f64, complex128    the product, rounded
///   other floats       factor rounded to f32, the product rounded in f32, then to the dtype as a fold's (fold.hpp)
///   i8 .. u32          the product rounded to f64, then truncated towards zero
///   i64, u64           the exact product, truncated towards zero
///
/// What an integer cannot hold becomes its smallest or largest; with a factor that is NaN, and for 0 times infinity,
/// an integer becomes 0. A NaN is the one that folds give.
ScaleKernel scale_kernel(DType dtype) noexcept;

}  // namespace psyne::inline v0
