#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <explorer/execution.hpp>

namespace psyne::explorer {

struct Search {
  Bounds bounds;
  std::uint64_t systematic = 300'000;  ///< executions in order, at most
  std::uint64_t random = 0;            ///< executions by random choices after these, without bounds of preemption
  std::uint64_t seed = 1;              ///< of the first random one; each further one takes the next
};

struct Report {
  std::uint64_t interleavings = 0;
  std::uint64_t random = 0;            ///< how many of them by random choices
  bool exhausted = false;              ///< every execution within the bounds was run
  std::optional<std::string> failure;  ///< of the first that failed, with its schedule and what every thread did
  std::string schedule;                ///< for replay()
};

/// Runs `body` under one schedule after the other until one fails. It must do the same each time it is given the same
/// schedule, and everything that its threads share is an atomic of ExplorerAtomics, Checked, or told by plain_read and
/// plain_write. Prints one line: the name, how many interleavings, how many in a second.
Report explore(std::string_view name, const std::function<void()>& body, const Search& search = {});

/// Runs `body` once under the schedule of a failure.
Report replay(const std::function<void()>& body, std::string_view schedule, const Bounds& bounds = {});

}  // namespace psyne::explorer
