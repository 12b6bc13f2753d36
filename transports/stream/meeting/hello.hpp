#pragma once

#include <psyne/core/result/result.hpp>
#include <psyne/core/transport/transport.hpp>
#include <psyne/core/uri/name.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace psyne::inline v0::stream {

inline constexpr std::uint16_t wire_version = 2;

/// Whether a link may outlive its connection, or does.
enum class Continuation : std::uint8_t {
  none = 0,
  possible = 1,  ///< one that begins now may
  wanted = 2     ///< who connects comes back for one that he has
};

/// How an end proves that it may come.
enum class Authentication : std::uint8_t { none = 0, token = 1 };

/// The first message of either end. Its layout never changes, so that any two versions can name each other; numbers are
/// little-endian, texts are filled with zeros:
///
///   8 bytes "psynenet"    1 byte order, 'l' or 'b'    1 byte 0          2 bytes wire version
///   1 byte side, 'o' or 'a'    1 byte exclusive, 0 or 1    1 byte authentication    1 byte continuation
///   32 random bytes       8 bytes number of the presence    8 bytes pid
///   24 bytes release      64 bytes host name          100 bytes name of the channel
struct Hello {
  static constexpr std::size_t bytes = 252;
  static constexpr std::size_t nonce_bytes = 32;
  static constexpr std::size_t longest_release = 24;
  static constexpr std::size_t longest_host = 64;

  bool little_endian = true;
  std::uint16_t version = wire_version;
  Side side = Side::offering;
  bool exclusive = false;  ///< of its side only it may be present
  Authentication authentication = Authentication::none;
  Continuation continuation = Continuation::none;
  std::array<std::byte, nonce_bytes> nonce{};
  std::uint64_t presence = 0;  ///< tells a presence from all others; 0: nobody is present there
  std::int64_t pid = 0;        ///< as its process sees itself: only a name
  std::string release;         ///< "0.3.0"
  std::string host;            ///< as its host calls itself
  std::string name;            ///< of the channel, perhaps empty

  /// What this process says of itself, with a fresh nonce; side, presence and name are the caller's to set.
  /// Errors: system (no random bytes).
  static Result<Hello> own();

  /// Whether it is one we can talk to. Errors: incompatible, with both byte orders or versions named.
  Result<void> check_compatible() const;
};

/// Exactly Hello::bytes.
std::vector<std::byte> encode(const Hello& hello);
/// Errors: corrupted. One of another version or byte order is read all the same.
Result<Hello> decode_hello(std::span<const std::byte> bytes);

/// A random number that is not 0. Errors: system.
Result<std::uint64_t> random_number();

}  // namespace psyne::inline v0::stream
