#pragma once

#include <psyne/core/result/result.hpp>

#include <array>
#include <cstddef>
#include <string_view>

using SSL_CTX = struct ssl_ctx_st;

namespace psyne::inline v0::stream {

/// A key that both ends have before they meet (RFC 8446, section 2.2), derived from the job's token by HKDF-SHA256 (RFC
/// 5869). Each connection still agrees on keys of its own (ECDHE), so who learns the token later reads nothing of what
/// was said before.
///
/// Whoever listened to a handshake can try tokens against it, as he can with the proof of tcp://: a token is to be
/// random, 16 bytes at least.
struct SharedKey {
  static constexpr std::size_t bytes = 32;
  std::array<unsigned char, bytes> key{};

  /// Pure. Errors: unsupported, where this machine's cryptography refuses to.
  static Result<SharedKey> of(std::string_view token);

  /// Has the sessions of `context` be agreed on by this key, and by nothing else. It outlives them.
  void use_in(SSL_CTX& context) const;
};

}  // namespace psyne::inline v0::stream
