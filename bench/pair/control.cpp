#include "pair/control.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace psyne::bench {
namespace {

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

/// An abstract address: it is gone with the processes, and lies in no directory.
std::pair<sockaddr_un, socklen_t> address_of(const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t length = std::min(name.size(), sizeof address.sun_path - 1);
  std::memcpy(address.sun_path + 1, name.data(), length);
  return {address, static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + length)};
}

}  // namespace

std::pair<Control, Control> Control::pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) fail("socketpair");
  return {Control(ends[0]), Control(ends[1])};
}

Control Control::meet(Side side, const std::string& name) {
  Control end(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (end.socket_ < 0) fail("socket");
  const auto [address, length] = address_of(name);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (side == Side::leader) {
    if (::bind(end.socket_, generic, length) != 0 || ::listen(end.socket_, 1) != 0) fail("listen");
    const int accepted = ::accept4(end.socket_, nullptr, nullptr, SOCK_CLOEXEC);
    if (accepted < 0) fail("accept");
    return Control(accepted);
  }
  for (int attempt = 0; ::connect(end.socket_, generic, length) != 0; ++attempt) {
    if (attempt == 1000) fail("connect");
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return end;
}

Control::~Control() {
  if (socket_ >= 0) ::close(socket_);
}

void Control::send(std::uint64_t word) { send_bytes(&word, sizeof word); }

bool Control::readable(std::chrono::milliseconds within) {
  pollfd waited{.fd = socket_, .events = POLLIN, .revents = 0};
  return ::poll(&waited, 1, static_cast<int>(within.count())) > 0;
}

void Control::send_bytes(const void* bytes, std::size_t size) {
  const char* at = static_cast<const char*>(bytes);
  while (size > 0) {
    const ssize_t sent = ::send(socket_, at, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) fail("send to the other process");
    at += sent;
    size -= static_cast<std::size_t>(sent);
  }
}

bool Control::read_whole(void* bytes, std::size_t size) {
  char* at = static_cast<char*>(bytes);
  while (size > 0) {
    const ssize_t received = ::recv(socket_, at, size, 0);
    if (received < 0 && errno == EINTR) continue;
    if (received <= 0) return false;
    at += received;
    size -= static_cast<std::size_t>(received);
  }
  return true;
}

std::optional<std::uint64_t> Control::receive_or_end() {
  std::uint64_t word = 0;
  if (!read_whole(&word, sizeof word)) return std::nullopt;
  return word;
}

std::uint64_t Control::receive() {
  std::uint64_t word = 0;
  receive_bytes(&word, sizeof word);
  return word;
}

void Control::receive_bytes(void* bytes, std::size_t size) {
  if (!read_whole(bytes, size)) throw std::runtime_error("the other process has ended");
}

}  // namespace psyne::bench
