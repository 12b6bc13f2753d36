#pragma once

#include <psyne/collectives/reduce/fold.hpp>

namespace psyne::inline v0::reduce {

/// fold_kernel() of floats and complex numbers; nullptr for others.
FoldKernel fold_float(Fold fold, DType dtype) noexcept;

}  // namespace psyne::inline v0::reduce
