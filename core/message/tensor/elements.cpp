#include <psyne/core/message/tensor/elements.hpp>

#include <string>

namespace psyne::inline v0 {

Error dtype_mismatch(DType held, DType asked) {
  return Error(Code::incompatible,
               "cannot see elements of type " + std::string(name(held)) + " as " + std::string(name(asked)))
      .because("they are of another dtype");
}

}  // namespace psyne::inline v0
