#pragma once

#include <psyne/core/config/config.hpp>
#include <psyne/transports/stream/meeting/proof.hpp>

#include <string>

namespace psyne::inline v0::stream {

/// By what the two ends of a tls:// connection know each other. One of two ways, the same at both ends:
///
///   certificates   where any of the module "tls" is set: the listening end shows one, the connecting end verifies it,
///                  and the name in it; where the listening end has an authority too, it asks for one in turn
///   the token      else: what PSYNE_TOKEN gives is the key that both have before they meet
///
/// A plain value; equal where peers cannot tell two ends apart.
struct TlsSettings {
  std::string certificate;  ///< a file (PEM): ours, and those between it and the authority; empty: none
  std::string key;          ///< a file (PEM): the private key to it; empty: in the same file
  std::string authority;  ///< a file (PEM) of those whom we trust to sign the peer's; "system": whom this machine does
  std::string name;       ///< of whom the peer's certificate is to be, where it is verified who listens
  std::string token;      ///< the secret of both ends, where there are no certificates

  bool by_certificates() const noexcept { return !certificate.empty() || !authority.empty(); }

  /// What `config` says for an end that listens, or that connects to `host`. `uri` is for errors. Errors:
  /// invalid_argument, with what is missing and what would mend it.
  static Result<TlsSettings> read(const Config& config, Role role, const std::string& host, const std::string& uri);

  friend bool operator==(const TlsSettings&, const TlsSettings&) = default;
};

}  // namespace psyne::inline v0::stream
