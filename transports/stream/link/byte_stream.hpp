#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <span>

namespace psyne::inline v0 {

/// Bytes to be written, as writev(2) wants them.
inline iovec piece(std::span<const std::byte> bytes) noexcept {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): one type serves reading and writing; writev(2) only reads
  return {const_cast<std::byte*>(bytes.data()), bytes.size()};
}

/// Bytes in order, to and from one peer, over a socket that never blocks.
///
/// read by one thread at a time, write by one thread at a time, both at once by two.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  /// The socket, to sleep on and to be told of its end.
  virtual int descriptor() const noexcept = 0;
  /// As readv(2): how many bytes came, 0 at the end, -1 with errno; EAGAIN when there are none now.
  virtual ssize_t read(std::span<const iovec> into) noexcept = 0;
  /// As writev(2), and no SIGPIPE: how many bytes went, -1 with errno; EAGAIN when there is no room now.
  virtual ssize_t write(std::span<const iovec> from) noexcept = 0;
};

}  // namespace psyne::inline v0
