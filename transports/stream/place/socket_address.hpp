#pragma once

#include <psyne/core/result/result.hpp>

#include <sys/socket.h>

#include <cstdint>
#include <string>

namespace psyne::inline v0::stream {

/// Where a socket is: an IPv4 or IPv6 address with a port, or a path. An IPv4 address in IPv6's clothes is kept as what
/// it is. A plain value.
class SocketAddress {
 public:
  SocketAddress() noexcept = default;
  SocketAddress(const sockaddr* address, socklen_t length) noexcept;

  /// Every address of this host, in both families where `both`, else of IPv4.
  static SocketAddress any(bool both, std::uint16_t port) noexcept;
  /// A path. Errors: too_large.
  static Result<SocketAddress> of_path(const std::string& path);
  /// Where a socket of ours is, or what it is connected to. Errors: what the system says.
  static Result<SocketAddress> own_of(int socket);
  static Result<SocketAddress> peer_of(int socket);

  sa_family_t family() const noexcept { return storage_.ss_family; }
  const sockaddr* generic() const noexcept { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t length() const noexcept { return length_; }

  /// Of an internet address; 0 of a path.
  std::uint16_t port() const noexcept;
  SocketAddress with_port(std::uint16_t port) const noexcept;
  /// Whether what goes there cannot leave this host.
  bool is_local() const noexcept;
  /// Whether it means this link only, so that others do not know it: fe80::/10.
  bool is_link_local() const noexcept;
  /// "10.0.0.3:40112", "[::1]:5555"; of a path "".
  std::string text() const;
  /// The same without the port, and without brackets.
  std::string host() const;

  friend bool operator==(const SocketAddress& one, const SocketAddress& other) noexcept;

 private:
  sockaddr_storage storage_{};
  socklen_t length_ = 0;
};

}  // namespace psyne::inline v0::stream
