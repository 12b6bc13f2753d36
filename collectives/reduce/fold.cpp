#include <psyne/collectives/reduce/fold.hpp>
#include <psyne/collectives/reduce/fold_float.hpp>
#include <psyne/collectives/reduce/fold_integer.hpp>

namespace psyne::inline v0 {

FoldKernel fold_kernel(Fold fold, DType dtype) noexcept {
  const FoldKernel kernel = reduce::fold_integer(fold, dtype);
  return kernel != nullptr ? kernel : reduce::fold_float(fold, dtype);
}

}  // namespace psyne::inline v0
