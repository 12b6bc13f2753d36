#pragma once

#include <psyne/core/result/result.hpp>
#include <psyne/transports/stream/meeting/message.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace psyne::inline v0::stream {

/// Takes messages from a stream of bytes, and not a byte more: what follows the last one of a handshake is the link's.
/// Holds the memory of one message, from when its length has come and was found good.
class MessageReader {
 public:
  /// How long the next message may be. Not in the middle of one.
  void expect(std::size_t least, std::size_t most) noexcept;
  /// Where the next bytes belong; never empty before the message is whole.
  std::span<std::byte> room() noexcept;
  /// `bytes` of room() are there now. Whether the message is whole. Errors: corrupted (its length), incompatible (it is
  /// of TLS).
  Result<bool> took(std::size_t bytes);
  /// The whole message; then begins anew.
  std::vector<std::byte> take() noexcept;

 private:
  bool is_tls() const noexcept;

  std::size_t least_ = 1;
  std::size_t most_ = longest_message;
  std::array<std::byte, length_bytes> length_{};
  std::size_t filled_ = 0;  // of length and message together
  std::vector<std::byte> message_;
};

}  // namespace psyne::inline v0::stream
