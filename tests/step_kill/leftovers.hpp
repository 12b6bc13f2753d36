#pragma once

#include <string>

namespace step_kill {

/// What processes may leave behind: counted before and after.
struct Leftovers {
  std::size_t descriptors = 0;  ///< of this process
  std::size_t mappings = 0;     ///< of this process, of shared memory of psyne
  std::size_t files = 0;        ///< below the directory of all names

  static Leftovers now();
  std::string text() const;
  friend bool operator==(const Leftovers&, const Leftovers&) = default;
};

/// A directory for all names of this program, of its own; removed at the end.
class NamesDirectory {
 public:
  NamesDirectory();
  ~NamesDirectory();
  NamesDirectory(const NamesDirectory&) = delete;
  NamesDirectory& operator=(const NamesDirectory&) = delete;
};

}  // namespace step_kill
