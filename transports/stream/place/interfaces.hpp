#pragma once

#include <psyne/core/result/result.hpp>
#include <psyne/transports/stream/place/socket_address.hpp>

#include <string>
#include <vector>

namespace psyne::inline v0::stream {

/// An internet address of this host, and the interface that has it.
struct InterfaceAddress {
  std::string interface_name;  ///< "eth0"
  SocketAddress address;       ///< with port 0
};

/// Those of all interfaces that are up, in the kernel's order. Errors: what the system says.
Result<std::vector<InterfaceAddress>> interface_addresses();

/// Those that `which` means: an interface's name, or an address of one. Errors: not_found, with those that there are.
Result<std::vector<SocketAddress>> addresses_of(const std::string& which);

/// The one by which others most likely reach this host: the first of IPv4 that is not loopback, else of IPv6, else the
/// first there is; nullptr where there is none. Points into `all`.
const InterfaceAddress* best_known_by(const std::vector<InterfaceAddress>& all);

}  // namespace psyne::inline v0::stream
