#pragma once

#include <psyne/collectives/bootstrap/store.hpp>
#include <psyne/core/channel/wait.hpp>
#include <psyne/core/result/result.hpp>

#include <string>
#include <vector>

namespace psyne::inline v0 {

/// Gives `mine` to all ranks that call this with the same name, and each rank's to all, in their order. Waits for all.
/// `name` is used for one exchange alone: its keys stay in the store. O(size) calls of the store.
/// Errors: those of the store; timed_out names the ranks that did not come.
Result<std::vector<std::string>> exchange(Store& store, int rank, int size, const std::string& name,
                                          const std::string& mine, const Wait& wait);

}  // namespace psyne::inline v0
