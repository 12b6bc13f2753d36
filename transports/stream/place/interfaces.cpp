#include <psyne/core/uri/quoted.hpp>
#include <psyne/transports/stream/place/interfaces.hpp>

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <cerrno>
#include <memory>

namespace psyne::inline v0::stream {

Result<std::vector<InterfaceAddress>> interface_addresses() {
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) return system_error(errno, "cannot list the network interfaces");
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> list(first, freeifaddrs);
  std::vector<InterfaceAddress> all;
  for (const ifaddrs* each = first; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr || (each->ifa_flags & IFF_UP) == 0) continue;
    const sa_family_t family = each->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    const socklen_t length = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    all.push_back({.interface_name = each->ifa_name, .address = SocketAddress(each->ifa_addr, length)});
  }
  return all;
}

Result<std::vector<SocketAddress>> addresses_of(const std::string& which) {
  const auto all = interface_addresses();
  if (!all) return all.error();
  std::vector<SocketAddress> found;
  std::string known;
  for (const InterfaceAddress& each : *all) {
    if (each.interface_name == which || each.address.host() == which) found.push_back(each.address);
    known += (known.empty() ? "" : ", ") + each.interface_name + " (" + each.address.host() + ")";
  }
  if (!found.empty()) return found;
  return Error(Code::not_found, "cannot use the interface " + quoted(which))
      .because("no interface that is up has this name or address")
      .mend("Set tcp.iface to one of " + known + ".");
}

const InterfaceAddress* best_known_by(const std::vector<InterfaceAddress>& all) {
  for (const int family : {AF_INET, AF_INET6}) {
    for (const InterfaceAddress& each : all) {
      const SocketAddress& address = each.address;
      if (address.family() == family && !address.is_local() && !address.is_link_local()) return &each;
    }
  }
  return all.empty() ? nullptr : &all.front();
}

}  // namespace psyne::inline v0::stream
