#pragma once

#include <psyne/collectives/reduce/scale.hpp>

namespace psyne::inline v0::reduce {

/// scale_kernel() of floats and complex numbers; nullptr for others.
ScaleKernel scale_float(DType dtype) noexcept;

}  // namespace psyne::inline v0::reduce
