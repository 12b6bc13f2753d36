#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace psyne::bench {

/// How a thread waits for a socket.
enum class Waiting : std::uint8_t {
  spinning,  ///< asks again and again
  blocking,  ///< sleeps in the kernel
};

/// Messages on a stream socket as one writes them by hand: four bytes of length before each payload. A message leaves
/// in one system call, and arrives in one when it is there. Does not own the socket. Throws when the other side has
/// closed it, or sends a message of another length than is waited for.
///
/// Used by one thread at a time in each direction.
class FramedSocket {
 public:
  FramedSocket(int socket, Waiting waiting);

  void send(std::span<const std::byte> message);

  /// Keeps a message back, to leave with others at the next flush() or send(), or when there are too many. One that is
  /// longer than `longest_copied` is read where it lies when it leaves.
  void gather(std::span<const std::byte> message);
  void flush();

  void receive(std::span<std::byte> message);

  /// Up to here a copy costs less than a system call that is told of one place more.
  static constexpr std::size_t longest_copied = 4096;

 private:
  using Length = std::uint32_t;

  /// The length, and before what is not copied here as many bytes more as keep the payload on a cache line's border in
  /// the kernel's pages, if the user's lies on one: its copies are slow between places that lie differently (1 MiB one
  /// way with 4 or 8 bytes 590 us, with 16 to 64 117 us).
  static constexpr std::size_t long_header = 64;
  static constexpr std::size_t header_of(std::size_t size) noexcept {
    return size <= longest_copied ? sizeof(Length) : long_header;
  }

  void keep(std::span<const std::byte> bytes);
  void write(std::span<iovec> parts) const;
  void receive_short(std::span<std::byte> message);
  void receive_long(std::span<std::byte> message);
  void read_ahead(std::size_t least);
  std::size_t read(std::span<std::byte> first, std::span<std::byte> second) const;

  int socket_;
  int flags_;                     ///< of each send and receive: whether it waits
  std::vector<std::byte> kept_;   ///< headers and short messages that wait for flush(); never grows
  std::vector<iovec> parts_;      ///< all that waits for flush()
  std::vector<std::byte> ahead_;  ///< what was read of messages not asked for yet: [begin_, end_)
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace psyne::bench
