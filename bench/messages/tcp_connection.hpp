#pragma once

#include "pair/control.hpp"

#include <utility>

namespace psyne::bench {

/// A TCP connection between the two sides; what is sent leaves at once: no Nagle, no
/// pacing.
class TcpConnection {
 public:
  TcpConnection(Side side, Control& control);
  TcpConnection(TcpConnection&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}
  TcpConnection& operator=(TcpConnection&&) = delete;
  ~TcpConnection();

  int socket() const noexcept { return socket_; }

 private:
  int socket_;
};

/// A port that nobody here has now.
std::uint16_t free_port();

}  // namespace psyne::bench
