#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace psyne::inline v0 {

/// What a pool that closes leaves behind.
struct CloseReport {
  bool complete = true;                    ///< nothing runs any more; else the deadline came first
  std::uint64_t dropped = 0;               ///< jobs that had not begun and never will
  std::uint64_t threw = 0;                 ///< jobs that nobody waited for and that threw, since the pool was opened
  std::vector<std::string> dropped_names;  ///< of those that have one, in no order; `most_names` at most
  std::vector<std::string> running;        ///< names of jobs that still run, `most_names` at most

  static constexpr std::size_t most_names = 100;

  /// "2 jobs were dropped (load, save); 1 still runs (report)", or "everything has been done".
  std::string text() const;
};

}  // namespace psyne::inline v0
