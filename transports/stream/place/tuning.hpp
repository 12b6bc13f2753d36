#pragma once

#include <psyne/transports/stream/connection_settings.hpp>

namespace psyne::inline v0::stream {

/// Sets up a socket of a connection: no delay for small messages (RFC 896 off), the buffers, and when a host that has
/// vanished is given up, be it that what was sent is not acknowledged (TCP_USER_TIMEOUT, RFC 5482) or, where nothing is
/// under way, that probes are not. A setting that this kernel does not know is left as it is.
void tune(int socket, const ConnectionSettings& settings) noexcept;

/// For a connection that does not leave this host: a congestion control that spreads what it sends over time (BBR, the
/// default of some machines) is replaced by one that does not. There is no network to spare, and the pauses are long: a
/// raw socket's 1 MiB took 175 us one way with BBR and 95 with Reno, streams went at 5.3 and 8.2 GB/s.
void do_not_pace(int socket) noexcept;

}  // namespace psyne::inline v0::stream
