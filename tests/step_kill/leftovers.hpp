#pragma once

#include <string>

namespace step_kill {

/// What processes may leave behind: counted before and after.
struct Leftovers {
  std::size_t descriptors = 0;  ///< of this process
  std::size_t mappings = 0;     ///< of this process, of shared memory of psyne and of counters pages
  std::size_t files = 0;        ///< below the directory of all names
  /// Counters pages of dead processes, save one: that of the last who was killed stays until the next makes his own.
  std::size_t pages = 0;

  static Leftovers now();
  std::string text() const;
  friend bool operator==(const Leftovers&, const Leftovers&) = default;
};

/// A directory for all names of this program, and one for counters pages, of its own; removed at the end.
class NamesDirectory {
 public:
  NamesDirectory();
  ~NamesDirectory();
  NamesDirectory(const NamesDirectory&) = delete;
  NamesDirectory& operator=(const NamesDirectory&) = delete;
};

}  // namespace step_kill
