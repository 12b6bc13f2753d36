#pragma once

#include <psyne/transports/stream/connection_settings.hpp>

namespace psyne::inline v0::stream {

/// Sets up a socket of a connection: no delay for small messages (RFC 896 off), the buffers, and when a host that has
/// vanished is given up, be it that what was sent is not acknowledged (TCP_USER_TIMEOUT, RFC 5482) or, where nothing is
/// under way, that probes are not. A setting that this kernel does not know is left as it is.
void tune(int socket, const ConnectionSettings& settings) noexcept;

}  // namespace psyne::inline v0::stream
