#include <psyne/core/uri/quoted.hpp>
#include <psyne/transports/stream/place/interfaces.hpp>
#include <psyne/transports/stream/port/ports.hpp>

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace psyne::inline v0::stream {

namespace {

/// The one of an interface's addresses to listen at: IPv4 where there is one, since others write it more often.
Result<SocketAddress> address_of(const std::string& interface_name) {
  const auto all = addresses_of(interface_name);
  if (!all) return all.error();
  const auto v4 = std::ranges::find(*all, sa_family_t{AF_INET}, &SocketAddress::family);
  return v4 != all->end() ? *v4 : all->front();
}

Result<Descriptor> listen_at(const SocketAddress& address, const std::string& uri) {
  Descriptor listener(socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!listener) return system_error(errno, "cannot listen for " + uri);
  const int yes = 1;
  const int no = 0;
  // A listener that comes back need not wait for the connections of its predecessor to be forgotten.
  static_cast<void>(setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes));
  static_cast<void>(setsockopt(listener.get(), IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no));
  if (bind(listener.get(), address.generic(), address.length()) != 0 || listen(listener.get(), SOMAXCONN) != 0) {
    if (errno != EADDRINUSE) return system_error(errno, "cannot listen for " + uri);
    return Error(Code::in_use, "cannot listen for " + uri)
        .because("another process, or another interface or scheme of this one, has port " +
                 std::to_string(address.port()))
        .mend("Close that one first, or use another port; port 0 is any free one.");
  }
  return listener;
}

Result<Descriptor> listen_on(const Place& place, const std::string& interface_name) {
  const std::uint16_t port = *place.endpoint.port;
  if (!interface_name.empty()) {
    auto address = address_of(interface_name);
    if (!address) return address.error();
    return listen_at(address->with_port(port), place.uri);
  }
  auto listener = listen_at(SocketAddress::any(true, port), place.uri);
  if (listener || listener.error() == Code::in_use) return listener;
  return listen_at(SocketAddress::any(false, port), place.uri);  // a machine without IPv6
}

Error encrypted_otherwise(const Place& place) {
  return Error(Code::invalid_argument, "cannot open " + place.uri)
      .because("this process listens at that port with other certificates, or another token")
      .mend("Give all names of one port the same, or this one a port of its own.");
}

Error taken(const Place& place, Side side) {
  return Error(Code::in_use, "cannot open " + place.uri)
      .because(std::string("this process is present there already as one that ") +
               (side == Side::offering ? "sends" : "receives"))
      .mend("Give each a name of its own: " + std::string(place.scheme()) +
            (place.tcp ? "://*:port/name." : "://*/path//name."));
}

}  // namespace

// Never destroyed: ends may close during static destruction.
Ports& Ports::process() {
  static Ports* current = nullptr;
  if (current == nullptr || current->epoch_.forked()) current = new Ports;
  return *current;
}

Result<std::shared_ptr<Port>> Ports::enter(const Place& place, const Attendant& attendant, const MakeLink& make_link) {
  const std::uint16_t wanted = place.tcp ? *place.endpoint.port : std::uint16_t{0};
  const bool any = place.tcp && wanted == 0;
  auto& open_ones = ports_[(place.tls ? "tls " : "") + (place.tcp ? attendant.settings.interface_name : place.path)];
  std::erase_if(open_ones, [](const Open& each) { return each.port.expired(); });
  for (const Open& each : open_ones) {
    auto port = each.port.lock();
    if (any ? !each.any : port->number() != wanted) continue;
    const bool alike = !attendant.tls || attendant.tls->settings() == port->tls()->settings();
    const bool free = !port->has(place.name, attendant.side);
    if ((!free || !alike) && any) continue;
    if (!alike) return encrypted_otherwise(place);
    if (!free) return taken(place, attendant.side);
    port->add(attendant);
    return port;
  }
  auto port = open(place, attendant, make_link);
  if (!port) return port.error();
  (*port)->add(attendant);
  open_ones.push_back({.port = *port, .any = any});
  return port;
}

Result<std::shared_ptr<Port>> Ports::open(const Place& place, const Attendant& attendant,
                                          const MakeLink& make_link) const {
  if (!place.tcp) {
    auto listening = SocketFile::listen(place.path);
    if (!listening) return listening.error();
    return Port::open(place.uri, std::move(listening->listener), std::move(listening->file), make_link);
  }
  auto listener = listen_on(place, attendant.settings.interface_name);
  if (!listener) return listener.error();
  return Port::open(place.uri, std::move(*listener), SocketFile(), make_link, attendant.tls);
}

Endpoint advertised(const ConnectionSettings& settings, std::uint16_t port) {
  if (settings.advertise) {
    Endpoint told = *settings.advertise;
    if (!told.port) told.port = port;
    return told;
  }
  Endpoint told{.host = "localhost", .port = port};
  if (!settings.interface_name.empty()) {
    if (const auto address = address_of(settings.interface_name)) told.host = address->host();
  } else if (const auto all = interface_addresses()) {
    if (const auto* best = best_known_by(*all)) told.host = best->address.host();
  }
  return told;
}

}  // namespace psyne::inline v0::stream
