#include <psyne/collectives/runner/call.hpp>

namespace psyne::inline v0 {

std::string Call::text() const {
  std::string text(psyne::name(operation));
  if (operation == Operation::barrier) return text;
  text += " of " + std::to_string(count) + " " + std::string(psyne::name(dtype));
  if (folds(operation)) text += ", " + std::string(average ? "average" : psyne::name(fold));
  if (has_root(operation)) text += ", root " + std::to_string(root);
  return text;
}

std::uint64_t Call::fingerprint(std::uint64_t seed) const noexcept {
  std::uint64_t mixed = seed;
  const auto mix = [&](std::uint64_t value) {
    mixed = (mixed ^ value) * 0x9e3779b97f4a7c15U;
    mixed ^= mixed >> 29U;
  };
  mix(static_cast<std::uint64_t>(operation) | static_cast<std::uint64_t>(dtype) << 8U |
      static_cast<std::uint64_t>(fold) << 16U | static_cast<std::uint64_t>(average) << 24U |
      static_cast<std::uint64_t>(has_root(operation) ? root : 0) << 32U);
  mix(count);
  return mixed;
}

bool in_place(const Call& call, Rank rank) noexcept {
  // Numbers, because who is no root may have no buffer, and nothing lies behind that.
  const auto input = reinterpret_cast<std::uintptr_t>(call.input);
  const auto output = reinterpret_cast<std::uintptr_t>(call.output);
  const std::uint64_t own = call.bytes() * static_cast<std::uint64_t>(rank);
  const bool root = rank == call.root;
  switch (call.operation) {
    case Operation::all_gather: return input == output + own;
    case Operation::gather: return root && input == output + own;
    case Operation::reduce_scatter: return output == input + own;
    case Operation::scatter: return root && output == input + own;
    case Operation::barrier: return false;
    default: return input == output;
  }
}

}  // namespace psyne::inline v0
