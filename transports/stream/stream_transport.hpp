#pragma once

#include <psyne/core/transport/transport.hpp>

namespace psyne::inline v0 {

/// tcp://host:port/name connects, tcp://*:port/name listens (see transports/stream/place/place.hpp); between hosts, and
/// processes of one. Either end may come first, whichever connects; who connects does so again when a connection ends.
/// One listening port of a process serves all its names.
///
/// Options (file, environment, query): the module "tcp". Off this host both ends need the same token, or insecure=1.
/// With reconnect=30s at both ends a connection may break for so long: what was sent meanwhile, or lost with it, comes
/// in order and once when they have another; nobody hears of it but who waits too long.
Transport& tcp_transport();

/// tls://host:port/name, tls://*:port/name: the same, encrypted by TLS 1.3. Who may come is said by the token, or by
/// certificates (see transports/stream/tls/tls_settings.hpp).
///
/// Options: those of tcp, and the module "tls". Errors of appear also: invalid_argument, where neither says who may
/// come.
Transport& tls_transport();

/// unix:///path//name connects, unix://*/path//name listens: the same between processes of one host, by a socket file
/// that its user, and whom he grants it, may use. Options: the same, in a query by their whole names (tcp.token).
Transport& unix_transport();

}  // namespace psyne::inline v0
