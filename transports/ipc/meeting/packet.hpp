#pragma once

#include <psyne/core/result/result.hpp>
#include <psyne/core/transport/descriptor.hpp>
#include <psyne/core/transport/transport.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace psyne::inline v0 {

/// One packet of a SOCK_SEQPACKET socket: bytes, and the descriptors that came or go with them.
struct Packet {
  /// No message of ours is longer, and a longer one from a peer is refused.
  static constexpr std::size_t longest = 8192;
  static constexpr std::size_t most_descriptors = Greeting::most_spans;

  std::vector<std::byte> bytes;
  std::vector<Descriptor> descriptors;
};

/// Sends without waiting. Errors: would_block, peer_lost.
Result<void> send_packet(int socket, const Packet& packet);

/// The next packet. Descriptors are close-on-exec and owned from the first moment, so none can leak whatever is wrong
/// with the rest. Errors: would_block, peer_lost (hung up), corrupted (longer than `longest`, too many descriptors),
/// exhausted (no room for the descriptors in this process).
Result<Packet> receive_packet(int socket);

}  // namespace psyne::inline v0
