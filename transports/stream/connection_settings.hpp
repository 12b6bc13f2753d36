#pragma once

#include <psyne/core/config/config.hpp>
#include <psyne/core/uri/endpoint.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace psyne::inline v0::stream {

/// How connections over a stream socket are made and kept: the options of module "tcp" for one URI.
struct ConnectionSettings {
  std::string token;                  ///< both ends must have the same one; empty: none. Never printed
  bool insecure = false;              ///< whether a connection off this host may do without a token
  std::string interface_name;         ///< or an address of one: where to listen, or to connect from; empty: any
  std::optional<Endpoint> advertise;  ///< where others find us, if that is not where we listen
  std::chrono::milliseconds unreachable_after{15'000};  ///< silence of a host after which it is given up
  std::chrono::nanoseconds reconnect{0};  ///< how long a link outlives a connection, where both ends say so; 0: not
  std::size_t send_buffer = 0;            ///< of the socket, in bytes; 0: the kernel's own choice
  std::size_t receive_buffer = 0;         ///< the same

  /// Errors: invalid_argument.
  static Result<ConnectionSettings> read(const Config& config);
};

}  // namespace psyne::inline v0::stream
