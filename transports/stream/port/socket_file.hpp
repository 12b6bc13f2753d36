#pragma once

#include <psyne/core/result/result.hpp>
#include <psyne/core/transport/descriptor.hpp>

#include <sys/types.h>

#include <string>

namespace psyne::inline v0::stream {

/// The file of a unix socket that somebody listens on: only its user may connect, unless he changes its mode. It goes
/// with this object.
///
/// A file whose listener died is replaced, a live one is left alone: under a lock of its directory, a connection to it
/// tells which it is, and the new socket, which listens already, is renamed to it. The kernel drops the lock of whoever
/// dies, and a refused connection proves that nobody listens, since none of ours is to be seen before it does.
/// One thread at a time.
class SocketFile {
 public:
  struct Listening;
  /// Errors: in_use (somebody listens there), would_block (another one is just opening a socket in that directory: try
  /// again), refused, not_found (the directory), too_large (the path), and what else the system says.
  static Result<Listening> listen(const std::string& path);

  SocketFile() noexcept = default;
  SocketFile(SocketFile&& other) noexcept;
  SocketFile& operator=(SocketFile&& other) noexcept;
  ~SocketFile();

 private:
  SocketFile(std::string path, dev_t device, ino_t number) : path_(std::move(path)), device_(device), number_(number) {}

  std::string path_;  // empty: none
  dev_t device_ = 0;  // which file it was, for another may have taken its place
  ino_t number_ = 0;
};

struct SocketFile::Listening {
  Descriptor listener;
  SocketFile file;
};

}  // namespace psyne::inline v0::stream
