#pragma once

#include <psyne/core/result/result.hpp>

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace psyne::inline v0::metrics {

/// The file of a counters page: made, mapped, locked. The lock says that its process lives; the kernel drops it with
/// the process, however that ends. Not movable, since handlers of fork() know its address.
class PageFile {
 public:
  /// `bytes` is a multiple of the system's page size. Removes what dead processes left in `directory` on the way.
  static Result<std::unique_ptr<PageFile>> create(const std::string& directory, std::size_t bytes);
  ~PageFile();
  PageFile(const PageFile&) = delete;
  PageFile& operator=(const PageFile&) = delete;

  std::byte* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  const std::string& path() const noexcept { return path_; }

  /// Removes the name; the mapping stays.
  void unlink() noexcept;
  /// In a forked child: puts private memory in the place of the mapping, and closes the copy of the descriptor, which
  /// would keep the parent's lock alive. Async-signal-safe.
  void detach() noexcept;

 private:
  PageFile(std::string path, int descriptor, std::byte* data, std::size_t size)
      : path_(std::move(path)), descriptor_(descriptor), data_(data), size_(size) {}

  std::string path_;
  int descriptor_;
  std::byte* data_;
  std::size_t size_;
};

/// A file in a directory of pages.
struct Found {
  std::string path;
  pid_t process = 0;   ///< as its name says, in the process's own PID namespace
  bool alive = false;  ///< whether its lock is held
};

/// Whether another open file holds the lock of this one: its process lives.
bool is_locked(int descriptor) noexcept;

/// Every page in `directory`, by process; empty when there is no such directory.
std::vector<Found> pages_in(const std::string& directory);

/// Removes the pages in `directory` whose processes are gone.
void remove_stale_pages(const std::string& directory);

}  // namespace psyne::inline v0::metrics
