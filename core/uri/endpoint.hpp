#pragma once

#include <psyne/core/result/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace psyne::inline v0 {

/// A host and perhaps a port, checked in form only; nothing is looked up.
///
///   10.0.0.5:5555   node7.cluster:5555   *:5555 (every interface)   [fe80::1%eth0]:5555   node7
struct Endpoint {
  std::string host;                   ///< without the brackets of IPv6; never empty
  std::optional<std::uint16_t> port;  ///< 0 where the text says 0: any free port

  /// Code::invalid_argument with what is wrong where.
  static Result<Endpoint> parse(std::string_view text);

  /// Every interface of this host: the place to listen.
  bool any_host() const noexcept { return host == "*"; }
  /// What parse() reads back.
  std::string text() const;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

}  // namespace psyne::inline v0
