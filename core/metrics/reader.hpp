#pragma once

#include <psyne/core/metrics/snapshot.hpp>

#include <sys/types.h>

#include <string>

namespace psyne::inline v0::metrics {

/// Reads the counters page of a process, living or dead, without its help and without disturbing it. Move-only, used by
/// one thread at a time.
///
/// Copies the file with read calls instead of mapping it, so that one that shrinks meanwhile is an error and no SIGBUS.
/// An aligned word is copied whole by every kernel that we know; what is read may belong to moments some microseconds
/// apart.
class Reader {
 public:
  /// The page in that file.
  static Result<Reader> open(const std::string& path);
  /// The page of that process in `directory` (metrics.directory of this process's Config when empty), a living one
  /// first. Processes of several PID namespaces may share a number: then open one of pages_in(directory) by its path.
  static Result<Reader> open(pid_t process, std::string directory = {});

  Reader(Reader&& from) noexcept;
  Reader& operator=(Reader&& from) noexcept;
  ~Reader();

  /// The page now. O(size of the page). Errors as of parse(), or of the operating system.
  Result<Snapshot> read() const;
  /// Whether the process that owns the page lives. When it does not, read() gives its last words.
  bool alive() const noexcept;
  const std::string& path() const noexcept { return path_; }

 private:
  Reader(std::string path, int descriptor, std::size_t bytes)
      : path_(std::move(path)), descriptor_(descriptor), bytes_(bytes) {}
  Result<std::vector<std::uint64_t>> copy(std::size_t words) const;

  std::string path_;
  int descriptor_;
  std::size_t bytes_;
};

}  // namespace psyne::inline v0::metrics
