#pragma once

#include <psyne/core/result/result.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace psyne::inline v0::stream {

/// Which end of a connection opened it.
enum class Role : std::uint8_t { connecting, listening };

/// That an end knows the token, without telling it: HMAC-SHA256 (RFC 2104, FIPS 180-4) under the token, over the role
/// of who proves and both hellos as they travelled. The random bytes of both hellos are in it, so no proof of one
/// handshake fits another; the role is, so none can be sent back to who made it.
///
/// What this does not do: whoever can change bytes on the way may do so after the handshake. TLS is for that.
struct Proof {
  static constexpr std::size_t bytes = 32;
  std::array<std::byte, bytes> digest{};

  /// Pure. Errors: unsupported, where this machine's cryptography refuses to.
  static Result<Proof> make(std::string_view token, Role prover, std::span<const std::byte> hello_of_connecting,
                            std::span<const std::byte> hello_of_listening);

  /// The secret of a session: what two share who have met by those hellos, one random number of each in it. Errors: as
  /// make().
  static Result<Proof> of_session(std::string_view token, std::span<const std::byte> hello_of_connecting,
                                  std::span<const std::byte> hello_of_listening);
  /// That `prover` has the secret, and said `said` behind those hellos, which are of another connection. Errors: as
  /// make().
  static Result<Proof> of_continuation(const Proof& secret, Role prover, std::span<const std::byte> hello_of_connecting,
                                       std::span<const std::byte> hello_of_listening, std::span<const std::byte> said);

  /// Takes as long whatever `claimed` is.
  bool equals(std::span<const std::byte> claimed) const noexcept;
};

}  // namespace psyne::inline v0::stream
