#include <psyne/core/uri/endpoint.hpp>
#include <psyne/transports/stream/place/socket_address.hpp>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace psyne::inline v0::stream {

namespace {

constexpr std::uint32_t loopback_network = 127;  // 127.0.0.0/8, RFC 1122

const sockaddr_in& v4(const sockaddr* address) { return *reinterpret_cast<const sockaddr_in*>(address); }
const sockaddr_in6& v6(const sockaddr* address) { return *reinterpret_cast<const sockaddr_in6*>(address); }

template <class Call>
Result<SocketAddress> ask(Call call, int socket, const char* what) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (call(socket, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return system_error(errno, what);
  return SocketAddress(reinterpret_cast<const sockaddr*>(&storage), length);
}

}  // namespace

SocketAddress::SocketAddress(const sockaddr* address, socklen_t length) noexcept : length_(length) {
  if (length > sizeof storage_) {
    length_ = 0;
    return;
  }
  std::memcpy(&storage_, address, length);
  if (family() != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&v6(generic()).sin6_addr)) return;
  sockaddr_in inner{};
  inner.sin_family = AF_INET;
  inner.sin_port = v6(generic()).sin6_port;
  std::memcpy(&inner.sin_addr, v6(generic()).sin6_addr.s6_addr + 12, sizeof inner.sin_addr);
  storage_ = {};
  std::memcpy(&storage_, &inner, sizeof inner);
  length_ = sizeof inner;
}

SocketAddress SocketAddress::any(bool both, std::uint16_t port) noexcept {
  if (both) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_addr = in6addr_any;
    address.sin6_port = htons(port);
    return {reinterpret_cast<const sockaddr*>(&address), sizeof address};
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  address.sin_port = htons(port);
  return {reinterpret_cast<const sockaddr*>(&address), sizeof address};
}

Result<SocketAddress> SocketAddress::of_path(const std::string& path) {
  sockaddr_un address{};
  if (path.size() >= sizeof address.sun_path) {
    return Error(Code::too_large, "cannot use the socket " + path)
        .because("a socket's path has at most " + std::to_string(sizeof address.sun_path - 1) + " bytes")
        .mend("Use a shorter path.");
  }
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return SocketAddress(reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

Result<SocketAddress> SocketAddress::own_of(int socket) {
  return ask(getsockname, socket, "cannot tell where a socket is");
}
Result<SocketAddress> SocketAddress::peer_of(int socket) {
  return ask(getpeername, socket, "cannot tell who is at the other end of a socket");
}

std::uint16_t SocketAddress::port() const noexcept {
  if (family() == AF_INET) return ntohs(v4(generic()).sin_port);
  if (family() == AF_INET6) return ntohs(v6(generic()).sin6_port);
  return 0;
}

SocketAddress SocketAddress::with_port(std::uint16_t port) const noexcept {
  SocketAddress other = *this;
  if (family() == AF_INET) reinterpret_cast<sockaddr_in*>(&other.storage_)->sin_port = htons(port);
  if (family() == AF_INET6) reinterpret_cast<sockaddr_in6*>(&other.storage_)->sin6_port = htons(port);
  return other;
}

bool SocketAddress::is_local() const noexcept {
  if (family() == AF_INET) return ntohl(v4(generic()).sin_addr.s_addr) >> 24U == loopback_network;
  if (family() == AF_INET6) return IN6_IS_ADDR_LOOPBACK(&v6(generic()).sin6_addr);
  return family() == AF_UNIX;
}

bool SocketAddress::is_link_local() const noexcept {
  return family() == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&v6(generic()).sin6_addr);
}

std::string SocketAddress::host() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (family() == AF_INET) {
    inet_ntop(AF_INET, &v4(generic()).sin_addr, text.data(), text.size());
    return text.data();
  }
  if (family() != AF_INET6) return {};
  inet_ntop(AF_INET6, &v6(generic()).sin6_addr, text.data(), text.size());
  std::string host = text.data();
  std::array<char, IF_NAMESIZE> zone{};
  if (is_link_local() && if_indextoname(v6(generic()).sin6_scope_id, zone.data()) != nullptr) {
    host += std::string("%") + zone.data();
  }
  return host;
}

std::string SocketAddress::text() const {
  const std::string name = host();
  return name.empty() ? name : Endpoint{.host = name, .port = port()}.text();
}

bool operator==(const SocketAddress& one, const SocketAddress& other) noexcept {
  return one.length_ == other.length_ && std::memcmp(&one.storage_, &other.storage_, one.length_) == 0;
}

}  // namespace psyne::inline v0::stream
