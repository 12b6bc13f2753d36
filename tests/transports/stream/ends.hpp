#pragma once

#include <psyne/transports/stream/stream_presence.hpp>

#include "conformance/end.hpp"
#include "conformance/subject.hpp"
#include "transports/stream/fake_link.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <atomic>
#include <cstring>
#include <string>
#include <utility>

namespace stream_test {

using conformance::End;
using conformance::eventually;
using psyne::Descriptor;
using psyne::PresenceOptions;
using psyne::Side;

inline Side other(Side side) { return side == Side::offering ? Side::answering : Side::offering; }

/// Presences by the real ports and connectors, with links that carry nothing.
class FakeTransport final : public psyne::Transport {
 public:
  std::string_view scheme() const override { return "fake"; }
  Result<std::string> available() const override { return std::string("for tests"); }
  bool maps() const override { return false; }
  bool needs_shareable() const override { return false; }
  bool huge_pages(const psyne::Config& /*config*/) const override { return false; }
  Result<std::unique_ptr<psyne::Presence>> appear(const psyne::Uri& uri, Side side, psyne::Host& host,
                                                  const PresenceOptions& options) override {
    return psyne::stream::StreamPresence::appear(uri, side, host, options, make_fake_link);
  }
};

inline psyne::Transport& transport() {
  static FakeTransport one;
  return one;
}

inline psyne::Uri uri(const std::string& text) { return psyne::Uri::parse(text).value(); }

inline void appear(End& end, const std::string& text, Side side, const PresenceOptions& options = {}) {
  end.appear(transport(), uri(text), side, options);
}
inline Result<void> try_appear(End& end, const std::string& text, Side side, const PresenceOptions& options = {}) {
  return end.try_appear(transport(), uri(text), side, options);
}

/// What others open to reach an end that listens.
inline std::string way_to(End& end) {
  const std::string where = end.presence().where();
  return where.substr(0, where.find(' '));
}
/// The port that an end listens at.
inline std::uint16_t port_of(End& end) { return psyne::stream::Place::of(uri(way_to(end)))->endpoint.port.value(); }

/// Listens on loopback at a port that nobody has.
inline const std::string any_port = "tcp://*:0?iface=127.0.0.1";
inline std::string any_port_named(const std::string& name) { return "tcp://*:0/" + name + "?iface=127.0.0.1"; }

inline std::string fresh_path() {
  static std::atomic<int> count{0};
  return conformance::scratch_directory() + "/s" + std::to_string(getpid()) + "-" + std::to_string(++count);
}

/// A peer that speaks as it likes: a connection, blocking.
class Stranger {
 public:
  explicit Stranger(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  bool connected() const { return connected_; }
  void say(std::span<const std::byte> bytes) const {
    static_cast<void>(!send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL));
  }
  /// Whether the other end hangs up within 20 s.
  bool is_hung_up() const {
    std::array<char, 1024> heard{};
    for (int i = 0; i < 1000; ++i) {
      pollfd said{.fd = socket_.get(), .events = POLLIN, .revents = 0};
      if (poll(&said, 1, 20'000) != 1) return false;
      if (recv(socket_.get(), heard.data(), heard.size(), 0) <= 0) return true;
    }
    return false;
  }
  void hang_up() { socket_.reset(); }

 private:
  Descriptor socket_;
  bool connected_ = false;
};

}  // namespace stream_test
