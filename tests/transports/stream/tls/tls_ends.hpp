#pragma once

#include <psyne/transports/stream/link/byte_stream.hpp>
#include <psyne/transports/stream/tls/tls_context.hpp>
#include <psyne/transports/stream/tls/tls_stream.hpp>

#include "transports/stream/link/linked_pair.hpp"
#include "transports/stream/tls/certificates.hpp"

#include <openssl/ssl.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tls_test {

using psyne::ByteStream;
using psyne::Code;
using psyne::stream::Role;
using psyne::stream::TlsContext;
using psyne::stream::TlsSettings;
using psyne::stream::TlsStream;
using Opening = ByteStream::Opening;

inline std::shared_ptr<const TlsContext> context(TlsSettings settings, Role role) {
  return TlsContext::make(std::move(settings), role, "tls://test").value();
}
inline std::shared_ptr<const TlsContext> by_token(const std::string& token, Role role) {
  return context({.certificate = "", .key = "", .authority = "", .name = "", .token = token}, role);
}
/// The one that shows a certificate; asks for the other's where `asks`.
inline std::shared_ptr<const TlsContext> showing(const Files& shown, bool asks = false) {
  return context({.certificate = shown.certificate,
                  .key = shown.key,
                  .authority = asks ? authority().file() : "",
                  .name = "",
                  .token = ""},
                 Role::listening);
}
/// The one that verifies it.
inline std::shared_ptr<const TlsContext> verifying(const std::string& name, const Files& shown = {}) {
  return context(
      {.certificate = shown.certificate, .key = shown.key, .authority = authority().file(), .name = name, .token = ""},
      Role::connecting);
}

/// A session of one role by a token, over a connection of which a test may have the other end.
inline std::shared_ptr<TlsStream> stream_by_token(psyne::Descriptor socket, Role role, std::uint64_t records_per_key) {
  auto made = by_token("token", role);
  auto line = std::make_shared<psyne::LifeLine>(std::move(socket));
  return std::static_pointer_cast<TlsStream>(made->over(std::move(line), records_per_key).value());
}

/// Two ends of one connection, nothing between them, not open yet.
struct Pair {
  std::array<std::shared_ptr<ByteStream>, 2> ends;  ///< who connects first
  ByteStream& connecting() { return *ends[0]; }
  ByteStream& listening() { return *ends[1]; }

  Pair(const std::shared_ptr<const TlsContext>& connects, const std::shared_ptr<const TlsContext>& listens,
       int domain = AF_INET) {
    auto sockets = psyne_test::connected_sockets(domain);
    ends[0] = connects->over(std::make_shared<psyne::LifeLine>(std::move(sockets[0]))).value();
    ends[1] = listens->over(std::make_shared<psyne::LifeLine>(std::move(sockets[1]))).value();
  }

  /// Lets both shake hands until each is open or has failed, or ten seconds have passed.
  std::array<Opening, 2> shake_hands() {
    std::array<Opening, 2> states{Opening::going_on, Opening::going_on};
    psyne_test::soon([&] {
      for (std::size_t i : {0, 1}) {
        if (states[i] == Opening::going_on) states[i] = ends[i]->open();
        ends[i]->flush();
      }
      return states[0] != Opening::going_on && states[1] != Opening::going_on;
    });
    return states;
  }
  bool open() { return shake_hands() == std::array<Opening, 2>{Opening::open, Opening::open}; }
};

/// Two that have met by a token.
inline Pair open_pair() {
  Pair pair(by_token("token", Role::connecting), by_token("token", Role::listening));
  require(pair.open(), "no handshake");
  return pair;
}

inline std::vector<std::byte> bytes(std::size_t count, unsigned seed = 1) {
  std::vector<std::byte> made(count);
  std::uint32_t state = seed * 2'654'435'761U + 1;
  for (auto& byte : made) {
    state = state * 1'664'525U + 1'013'904'223U;
    byte = static_cast<std::byte>(state >> 24U);
  }
  return made;
}

inline ssize_t write(ByteStream& stream, std::span<const std::byte> from) {
  const iovec one = psyne::piece(from);
  return stream.write({&one, 1});
}
inline ssize_t read(ByteStream& stream, std::span<std::byte> into) {
  const iovec one{into.data(), into.size()};
  return stream.read({&one, 1});
}
/// Writes all of it and reads all of it at the other end, both as it goes; what came, or less where it stopped.
inline std::vector<std::byte> carry(ByteStream& from, ByteStream& to, std::span<const std::byte> what,
                                    std::size_t most_written = ~std::size_t{0}, std::size_t most_read = 1 << 20) {
  std::vector<std::byte> came(what.size());
  std::size_t written = 0, got = 0;
  psyne_test::soon([&] {
    if (written < what.size()) {
      const auto rest = what.subspan(written);
      const ssize_t sent = write(from, rest.first(std::min(rest.size(), most_written)));
      if (sent > 0) written += static_cast<std::size_t>(sent);
    }
    from.flush();
    if (got == came.size()) return true;
    const auto room = std::span(came).subspan(got);
    const ssize_t part = read(to, room.first(std::min(room.size(), most_read)));
    if (part > 0) got += static_cast<std::size_t>(part);
    return got == came.size() || part == 0 || (part < 0 && errno != EAGAIN);
  });
  came.resize(got);
  return came;
}

}  // namespace tls_test
