#pragma once

#include <psyne/transports/stream/link/socket_stream.hpp>
#include <psyne/transports/stream/link/stream_link.hpp>

#include "on_service.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>

namespace psyne_test {

/// Two connected sockets that do not block, nor wait for more to send.
inline std::array<psyne::Descriptor, 2> connected_sockets(int domain) {
  std::array<int, 2> ends{-1, -1};
  if (domain == AF_UNIX) {
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) != 0)
      throw std::runtime_error("no socket pair");
    return {psyne::Descriptor(ends[0]), psyne::Descriptor(ends[1])};
  }
  const psyne::Descriptor listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  psyne::Descriptor first(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  auto* any = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener.get(), any, size) != 0 || listen(listener.get(), 1) != 0 ||
      getsockname(listener.get(), any, &size) != 0 || connect(first.get(), any, size) != 0) {
    throw std::runtime_error("no loopback");
  }
  fcntl(first.get(), F_SETFL, O_NONBLOCK);
  psyne::Descriptor second(accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  const int yes = 1;  // as every connection of psyne's
  for (const auto* end : {&first, &second}) setsockopt(end->get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  return {std::move(first), std::move(second)};
}

/// A link over a socket, live.
inline std::unique_ptr<psyne::StreamLink> link_over(psyne::Descriptor socket, const std::string& peer,
                                                    const psyne::StreamSettings& settings = {}, bool started = true) {
  int domain = 0;
  socklen_t size = sizeof domain;
  getsockopt(socket.get(), SOL_SOCKET, SO_DOMAIN, &domain, &size);
  auto line = std::make_shared<psyne::LifeLine>(std::move(socket));
  auto stream = std::make_unique<psyne::SocketStream>(line, domain == AF_INET);
  auto link =
      std::make_unique<psyne::StreamLink>(line, std::move(stream), psyne::Identity{.pid = 1, .name = peer}, settings);
  if (started) on_service([&] { link->start({}).value(); });
  return link;
}

/// Two links that are each other's peer; each has a region that the other may put into.
struct LinkedPair {
  explicit LinkedPair(int domain, const psyne::StreamSettings& settings = {}, std::size_t bytes = 1 << 20) {
    auto sockets = connected_sockets(domain);
    for (std::size_t side : {0, 1}) {
      links[side] = link_over(std::move(sockets[side]), "other", settings);
      windows[side] = psyne::Region::allocate(bytes, "window", {}).value();
    }
    for (std::size_t side : {0, 1}) {
      spans[side] = links[side]->expose(windows[side], psyne::Access::write).value();
      targets[1 - side] = links[1 - side]
                              ->attach({.offset = 0,
                                        .length = spans[side].length,
                                        .generation = spans[side].generation,
                                        .access = psyne::Access::write,
                                        .key = {},
                                        .descriptor = {},
                                        .owner = nullptr})
                              .value();
    }
  }
  std::array<psyne::Region, 2> windows;
  std::array<psyne::RemoteSpan, 2> spans;      ///< what each exposed
  std::array<psyne::RemoteRegion, 2> targets;  ///< where each puts
  std::array<std::unique_ptr<psyne::StreamLink>, 2> links;
};

/// Whether `condition` comes true within thirty seconds.
template <class Condition>
bool soon(Condition condition) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  return true;
}

}  // namespace psyne_test
