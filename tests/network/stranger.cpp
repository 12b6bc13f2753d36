#include "network/stranger.hpp"

#include "network/network.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace network {

namespace {

constexpr int patience_ms = 20'000;

sockaddr_in address_of(const std::string& host) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  return address;
}

psyne::Descriptor tcp_socket() { return psyne::Descriptor(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

}  // namespace

Stranger::Stranger(const std::string& address) : socket_(tcp_socket()) {
  const sockaddr_in there = address_of(address);
  const timeval patience{.tv_sec = patience_ms / 1000, .tv_usec = 0};
  setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (connect(socket_.get(), reinterpret_cast<const sockaddr*>(&there), sizeof there) != 0) socket_.reset();
}

bool Stranger::say(std::span<const std::byte> bytes) const {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
  return true;
}

Bytes Stranger::hear(std::size_t most) const {
  Bytes heard(most);
  pollfd said{.fd = socket_.get(), .events = POLLIN, .revents = 0};
  if (poll(&said, 1, patience_ms) != 1) return {};
  const ssize_t bytes = recv(socket_.get(), heard.data(), heard.size(), 0);
  heard.resize(static_cast<std::size_t>(std::max<ssize_t>(bytes, 0)));
  return heard;
}

bool Stranger::hears_out(Bytes& all) const {
  for (;;) {
    pollfd said{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    if (poll(&said, 1, patience_ms) != 1) return false;
    const Bytes more = hear();
    if (more.empty()) return true;
    all.insert(all.end(), more.begin(), more.end());
  }
}

void Stranger::hang_up(bool reset) {
  const linger none{.l_onoff = reset ? 1 : 0, .l_linger = 0};
  setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
  socket_.reset();
}

MiddleMan::MiddleMan(std::string listener) : listener_(std::move(listener)), door_(tcp_socket()) {
  const sockaddr_in here = address_of(Network::own_address());
  const int yes = 1;
  setsockopt(door_.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(door_.get(), reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0 || listen(door_.get(), 1) != 0) {
    throw std::runtime_error("cannot listen at the switch");
  }
}

bool MiddleMan::pass_on(std::size_t limit) {
  pollfd waiting{.fd = door_.get(), .events = POLLIN, .revents = 0};
  if (poll(&waiting, 1, patience_ms) != 1) return false;
  caller_ = std::make_unique<Stranger>(psyne::Descriptor(accept4(door_.get(), nullptr, nullptr, SOCK_CLOEXEC)));
  called_ = std::make_unique<Stranger>(listener_);
  while (said_.size() < limit) {
    std::array<pollfd, 2> both{pollfd{.fd = caller_->descriptor(), .events = POLLIN, .revents = 0},
                               pollfd{.fd = called_->descriptor(), .events = POLLIN, .revents = 0}};
    if (poll(both.data(), both.size(), patience_ms) <= 0) return false;
    if (both[0].revents != 0) {
      const Bytes more = caller_->hear(limit - said_.size());
      said_.insert(said_.end(), more.begin(), more.end());
      if (more.empty() || !called_->say(more)) return false;
    }
    if (both[1].revents != 0) {
      const Bytes more = called_->hear();
      if (more.empty() || !caller_->say(more)) return false;
    }
  }
  return true;
}

}  // namespace network
