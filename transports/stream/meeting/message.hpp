#pragma once

#include <psyne/core/result/result.hpp>
#include <psyne/core/transport/transport.hpp>
#include <psyne/transports/stream/meeting/proof.hpp>
#include <psyne/transports/stream/resume/session.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace psyne::inline v0::stream {

/// What follows the hellos. On the way every message, a hello too, is preceded by its length: 4 bytes, little-endian.
/// The first byte says which it is; numbers in it are in the byte order of both machines.
enum class Message : std::uint8_t {
  proof = 'P',
  offer = 'O',
  answer = 'A',
  welcome = 'W',
  standing = 'S',
  refusal = 'R'
};

inline constexpr std::size_t length_bytes = 4;
/// No message of ours is longer, and a longer one from a peer is refused.
inline constexpr std::size_t longest_message = 8192;
/// A proof, a standing or a refusal is not longer.
inline constexpr std::size_t longest_short_message = 1026;

/// Which message the bytes claim to be. Errors: corrupted.
Result<Message> message_of(std::span<const std::byte> message);

std::vector<std::byte> encode_proof(const Proof& proof);
std::vector<std::byte> encode_welcome();
/// What two say who go on with a link: which one, how far it is at the end that speaks, and the proof of both.
struct Continuing {
  Session::Id session{};
  Standing standing;
  Proof proof;
};
/// All but the proof, which is of these bytes.
std::vector<std::byte> encode_unproved(const Session::Id& session, const Standing& standing);
/// A plain no, with a code and a sentence for people.
std::vector<std::byte> encode_refusal(const Error& error);
/// An offer or answer. A greeting that is longer than Greeting allows, or has a descriptor, which cannot travel here,
/// is this program's mistake: too_large, unsupported.
Result<std::vector<std::byte>> encode_greeting(Message message, Greeting greeting);

/// What follows the first byte of an offer or answer. Errors: corrupted.
Result<Greeting> decode_greeting(std::span<const std::byte> message);
/// Errors: corrupted.
Result<Continuing> decode_standing(std::span<const std::byte> message);
/// The refusal as an error of ours, its text made fit for a line.
Error decode_refusal(std::span<const std::byte> message, std::string what, std::string peer);

}  // namespace psyne::inline v0::stream
