#pragma once

#include <psyne/core/service/life_line.hpp>
#include <psyne/transports/stream/link/byte_stream.hpp>
#include <psyne/transports/stream/tls/shared_key.hpp>
#include <psyne/transports/stream/tls/tls_settings.hpp>

#include <cstdint>
#include <memory>
#include <string>

using SSL = struct ssl_st;

namespace psyne::inline v0::stream {

/// TLS 1.3 (RFC 8446) of one end: what it shows, whom it trusts, and the sessions that it begins. Files are read once,
/// when it is made. Immutable; thread safe.
class TlsContext : public std::enable_shared_from_this<TlsContext> {
 public:
  /// `uri` is for errors. Errors: invalid_argument, where a file is not what it should be.
  static Result<std::shared_ptr<const TlsContext>> make(TlsSettings settings, Role role, const std::string& uri);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  const TlsSettings& settings() const noexcept { return settings_; }

  /// With one key not more than 2^24.5 full records may be encrypted (RFC 8446, section 5.5).
  static constexpr std::uint64_t most_records = std::uint64_t{1} << 23U;

  /// Encrypts what goes over `line`, a connected socket that does not block, by a new key after so many records.
  /// Errors: exhausted.
  Result<std::shared_ptr<ByteStream>> over(std::shared_ptr<LifeLine> line,
                                           std::uint64_t records_per_key = most_records) const;

 private:
  TlsContext(TlsSettings settings, Role role, SSL_CTX* context) noexcept
      : settings_(std::move(settings)), role_(role), context_(context) {}
  SSL* new_session() const;
  Result<void> limit() const;
  Result<void> show() const;
  Result<void> trust() const;
  Result<void> share_token();
  Error unusable(const std::string& option, const std::string& file) const;

  const TlsSettings settings_;
  const Role role_;
  std::string uri_;
  SSL_CTX* const context_;
  SharedKey key_;
};

}  // namespace psyne::inline v0::stream
