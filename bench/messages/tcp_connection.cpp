#include "messages/tcp_connection.hpp"

#include "pair/network.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <system_error>

namespace psyne::bench {
namespace {

void require(bool fine, const char* what) {
  if (!fine) throw std::system_error(errno, std::generic_category(), what);
}

/// Closed at the end unless it was taken out.
struct Socket {
  int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  Socket() { require(descriptor >= 0, "make a socket"); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (descriptor >= 0) ::close(descriptor);
  }
};

/// Where the leader listens.
sockaddr_in leaders(std::uint16_t port) noexcept {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  ::inet_pton(AF_INET, network_address(Side::leader).c_str(), &address.sin_addr);
  address.sin_port = htons(port);
  return address;
}

/// Binds to a port that the kernel chooses, and returns it.
std::uint16_t bind_anywhere(const Socket& socket, sockaddr_in address) {
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  require(::bind(socket.descriptor, generic, length) == 0, "bind");
  require(::getsockname(socket.descriptor, generic, &length) == 0, "ask for the port");
  return ntohs(address.sin_port);
}

int accept_one(Control& control) {
  const Socket listener;
  const std::uint16_t port = bind_anywhere(listener, leaders(0));
  require(::listen(listener.descriptor, 1) == 0, "listen");
  control.send(port);
  const int accepted = ::accept4(listener.descriptor, nullptr, nullptr, SOCK_CLOEXEC);
  require(accepted >= 0, "accept");
  return accepted;
}

int connect_to(std::uint16_t port) {
  Socket socket;
  const sockaddr_in address = leaders(port);
  require(::connect(socket.descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, "connect");
  return std::exchange(socket.descriptor, -1);
}

}  // namespace

TcpConnection::TcpConnection(Side side, Control& control)
    : socket_(side == Side::leader ? accept_one(control) : connect_to(static_cast<std::uint16_t>(control.receive()))) {
  const int on = 1;
  require(::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0, "set TCP_NODELAY");
  // BBR, the default of some machines, paces what it sends: 1 MiB one way in 175 us where Reno takes 95, streams of it
  // at 5.3 GB/s where Reno reaches 8.2. Buffers of 128 KiB to 4 MiB were no better than those that the kernel adapts.
  require(::setsockopt(socket_, IPPROTO_TCP, TCP_CONGESTION, "reno", 4) == 0, "choose the congestion control");
}

TcpConnection::~TcpConnection() {
  if (socket_ >= 0) ::close(socket_);
}

std::uint16_t free_port() {
  sockaddr_in any{};
  any.sin_family = AF_INET;
  return bind_anywhere(Socket(), any);
}

}  // namespace psyne::bench
