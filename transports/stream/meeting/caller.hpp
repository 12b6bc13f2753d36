#pragma once

#include <psyne/core/service/life_line.hpp>
#include <psyne/transports/stream/link/byte_stream.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace psyne::inline v0::stream {

/// Who could listen to, or change, what travels on a connection.
enum class Security : std::uint8_t {
  local,  ///< nobody but this host: a unix socket, or loopback
  plain,  ///< whoever is on the way
};

/// What is known of the other end of a connection before it says anything.
struct Caller {
  Security security = Security::local;
  std::string address;             ///< "10.0.0.3:40112"; empty for a unix socket
  bool by_kernel = false;          ///< whether the kernel says which process it is, and then
  std::int64_t pid = 0;            ///< which; 0 where it is in another PID namespace
  std::shared_ptr<LifeLine> line;  ///< the connection
  /// What is read and written over it, first by the handshake, then by the link.
  std::shared_ptr<ByteStream> stream = {};

  bool this_host() const noexcept { return security == Security::local; }
  /// Whether others may listen, or change what they like.
  bool exposed() const noexcept { return security == Security::plain && !(stream && stream->is_secure()); }
};

}  // namespace psyne::inline v0::stream
