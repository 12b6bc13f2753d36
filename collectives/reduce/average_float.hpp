#pragma once

#include <psyne/collectives/reduce/fold.hpp>

namespace psyne::inline v0::reduce {

/// average_kernel() of floats and complex numbers; nullptr for others.
AverageKernel average_float(DType dtype) noexcept;

}  // namespace psyne::inline v0::reduce
