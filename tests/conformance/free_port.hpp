#pragma once

#include <psyne/core/transport/descriptor.hpp>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>

namespace conformance {

/// A port of loopback that nobody has. Below those that the kernel gives to who connects (32768 and up), else one of
/// these could take it before it is listened at.
inline std::uint16_t free_port() {
  constexpr std::uint32_t first = 20'000, count = 12'000;
  static std::uint32_t next = static_cast<std::uint32_t>(getpid()) * 97;
  for (;;) {
    const auto port = static_cast<std::uint16_t>(first + next++ % count);
    const psyne::Descriptor probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_ANY);
    if (bind(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return port;
  }
}

}  // namespace conformance
