#pragma once

#include <psyne/core/result/error.hpp>

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace psyne::inline v0 {

/// Bytes to be written, as writev(2) wants them.
inline iovec piece(std::span<const std::byte> bytes) noexcept {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): one type serves reading and writing; writev(2) only reads
  return {const_cast<std::byte*>(bytes.data()), bytes.size()};
}

/// Bytes in order, to and from one peer, over a socket that never blocks. One that encrypts shakes hands first, and
/// holds bytes that are neither the socket's nor the caller's; the socket itself does neither, and is never asked.
///
/// read by one thread at a time, write and flush by one thread at a time, both at once by two; holds_unread by any.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  /// The socket, to sleep on and to be told of its end.
  virtual int descriptor() const noexcept = 0;
  /// As readv(2): how many bytes came, 0 at the end, -1 with errno; EAGAIN when there are none now.
  virtual ssize_t read(std::span<const iovec> into) noexcept = 0;
  /// Whether peek() and discard() may be called, and are worth it: where taking bytes out has the kernel answer the
  /// peer.
  virtual bool peeks() const noexcept { return false; }
  /// As read(), but leaves the bytes where they are.
  virtual ssize_t peek(std::span<std::byte> into) noexcept {
    static_cast<void>(into);
    return 0;
  }
  /// Takes out so many bytes, which have come.
  virtual void discard(std::size_t bytes) noexcept { static_cast<void>(bytes); }
  /// As writev(2), and no SIGPIPE: how many bytes went, -1 with errno; EAGAIN when there is no room now.
  virtual ssize_t write(std::span<const iovec> from) noexcept = 0;

  /// Whether it encrypts, by keys that are only of those two who may meet here.
  virtual bool is_secure() const noexcept { return false; }
  enum class Opening : std::uint8_t { open, going_on, failed };
  /// Goes on shaking hands, as far as what has come allows; to be called again when the socket has more, or has room
  /// for what is held unsent. Nothing is read or written before it is open.
  virtual Opening open() noexcept { return Opening::open; }
  /// Of what write() or open() took: whether the socket has all of it. After a failure true, for nothing more will go.
  virtual bool flush() noexcept { return true; }
  /// Whether read() would give something, though the socket need not have anything: nobody who sleeps on the socket is
  /// told of that.
  virtual bool holds_unread() const noexcept { return false; }
  /// After `failed`, or where a read or write failed by EPROTO: why, with a code, a reason and an advice; nothing where
  /// it is the socket that failed.
  virtual std::optional<Error> failure() const { return {}; }
};

}  // namespace psyne::inline v0
