#pragma once

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

  /// Keeps a message of up to `longest_gathered` bytes back, to leave with others at the next flush() or send(), or
  /// when the buffer is full.
  void gather(std::span<const std::byte> message);
  void flush();

  void receive(std::span<std::byte> message);

  /// Up to here a copy costs less than a system call that is told of two places.
  static constexpr std::size_t longest_gathered = 4096;

 private:
  using Length = std::uint32_t;

  void receive_short(std::span<std::byte> message);
  void receive_long(std::span<std::byte> message);
  void read_ahead(std::size_t least);
  std::size_t read(std::span<std::byte> first, std::span<std::byte> second) const;
  void write(std::span<const std::byte> first, std::span<const std::byte> second) const;

  int socket_;
  int flags_;  ///< of each send and receive: whether it waits
  std::vector<std::byte> gathered_;
  std::vector<std::byte> ahead_;  ///< what was read of messages not asked for yet: [begin_, end_)
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace psyne::bench
