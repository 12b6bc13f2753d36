#pragma once

#include <psyne/collectives/reduce/fold.hpp>

namespace psyne::inline v0::reduce {

/// fold_kernel() of integers and boolean; nullptr for others.
FoldKernel fold_integer(Fold fold, DType dtype) noexcept;

}  // namespace psyne::inline v0::reduce
