#include <psyne/collectives/communicator/communicator.hpp>

namespace psyne::inline v0 {

Error Communicator::wrong_sizes(const Call& call, std::size_t in, std::size_t out, std::size_t in_blocks,
                                std::size_t out_blocks) const {
  const auto wanted = [&](std::size_t blocks) { return std::to_string(call.count * blocks); };
  return Error(Code::invalid_argument, "cannot do " + call.text())
      .because("the input has " + std::to_string(in) + " elements and the output " + std::to_string(out) +
               ", and rank " + std::to_string(rank()) + " of " + std::to_string(size()) + " needs " +
               wanted(in_blocks) + " and " + wanted(out_blocks));
}

}  // namespace psyne::inline v0
