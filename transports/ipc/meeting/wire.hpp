#pragma once

#include <psyne/core/result/result.hpp>
#include <psyne/core/transport/transport.hpp>
#include <psyne/transports/ipc/meeting/packet.hpp>

#include <cstdint>
#include <string>

namespace psyne::inline v0 {

/// The messages of a handshake as packets. Reading is a pure function of the packet: every length is checked against
/// what is there, what is left over is an error, and the number of descriptors must be exactly what the bytes announce.
///
/// Hello comes first, from both sides; its layout never changes, so that any two versions can name each other:
///   8 bytes "psyneipc", 1 byte order ('l' or 'b'), 1 byte 0, 2 bytes wire version, 8 bytes pid
///   (these little-endian), 24 bytes psyne's version as text, filled with zeros; descriptor: the sender's counter page
/// The others begin with one byte that says which they are, and are in the machine's byte order.
inline constexpr std::uint16_t wire_version = 1;

struct Hello {
  bool little_endian = true;
  std::uint16_t version = wire_version;
  std::int64_t pid = 0;  ///< as its process sees itself: only a name, when the kernel cannot tell
  std::string release;   ///< "0.3.0"
  Descriptor counters;   ///< a CounterPage that the receiver may write

  /// What this process says.
  static Hello own(Descriptor counters);
};

Packet encode(Hello hello);
/// Errors: corrupted; incompatible, with both byte orders or versions named, when it is not one we can talk to.
Result<Hello> decode_hello(Packet packet);

enum class Message : std::uint8_t { offer = 'O', answer = 'A', welcome = 'W', refusal = 'R', wake = 'w' };

/// Which message the bytes claim to be. Errors: corrupted.
Result<Message> message_of(const Packet& packet);

/// An offer or answer. A greeting longer than Greeting allows is this program's mistake: too_large.
Result<Packet> encode(Message message, Greeting greeting);
Result<Greeting> decode_greeting(Packet packet);

/// A plain no, with a code and a sentence for people.
Packet encode_refusal(const Error& error);
/// The refusal as an error of ours, its text made fit for a line. A code that only this side may state, such as that a
/// deadline passed, becomes refused; a garbled refusal corrupted.
Error decode_refusal(const Packet& packet, std::string what, std::string peer);

Packet encode_welcome();

}  // namespace psyne::inline v0
