#pragma once

#include <cstdint>
#include <string_view>

namespace psyne::inline v0 {

/// The collective operations. What `input` and `output` hold is said in blocks, one for each rank: see Problem.
enum class Operation : std::uint8_t {
  all_reduce,
  reduce,
  reduce_scatter,
  all_gather,
  broadcast,
  gather,
  scatter,
  all_to_all,
  barrier,
  scan,            ///< rank r gets the fold of ranks 0 to r
  exclusive_scan,  ///< rank r gets the fold of ranks 0 to r - 1; what rank 0 has is left alone
};

constexpr std::string_view name(Operation operation) noexcept {
  switch (operation) {
    case Operation::all_reduce: return "all_reduce";
    case Operation::reduce: return "reduce";
    case Operation::reduce_scatter: return "reduce_scatter";
    case Operation::all_gather: return "all_gather";
    case Operation::broadcast: return "broadcast";
    case Operation::gather: return "gather";
    case Operation::scatter: return "scatter";
    case Operation::all_to_all: return "all_to_all";
    case Operation::barrier: return "barrier";
    case Operation::scan: return "scan";
    case Operation::exclusive_scan: return "exclusive_scan";
  }
  return "unknown";
}

/// Whether elements of several ranks become one.
constexpr bool folds(Operation operation) noexcept {
  switch (operation) {
    case Operation::all_reduce:
    case Operation::reduce:
    case Operation::reduce_scatter:
    case Operation::scan:
    case Operation::exclusive_scan: return true;
    default: return false;
  }
}

/// Whether one rank gives or gets what the others do not.
constexpr bool has_root(Operation operation) noexcept {
  return operation == Operation::reduce || operation == Operation::broadcast || operation == Operation::gather ||
         operation == Operation::scatter;
}

}  // namespace psyne::inline v0
