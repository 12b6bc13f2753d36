#pragma once

#include <psyne/core/transport/descriptor.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace network {

using Bytes = std::vector<std::byte>;

/// A connection of the test itself, which knows no protocol: it says what it likes. Blocks, for 20 s at most.
class Stranger {
 public:
  /// Connects, or is nobody.
  explicit Stranger(const std::string& address);
  explicit Stranger(psyne::Descriptor socket) : socket_(std::move(socket)) {}

  bool connected() const noexcept { return static_cast<bool>(socket_); }
  int descriptor() const noexcept { return socket_.get(); }
  /// Whether all of it went.
  bool say(std::span<const std::byte> bytes) const;
  /// What comes next, at most so much; empty at the end.
  Bytes hear(std::size_t most = 65536) const;
  /// All that it is told, until the other hangs up; whether that was in time.
  bool hears_out(Bytes& all) const;
  /// Goes; without a word even of TCP if `reset`.
  void hang_up(bool reset = false);

 private:
  psyne::Descriptor socket_;
};

/// Stands between one who calls and one who listens, and sees all that they say.
class MiddleMan {
 public:
  /// Whoever calls Network::own_address() at `port` is connected with `listener`.
  explicit MiddleMan(std::string listener);

  /// Passes on what they say, until the caller has said `limit` bytes. False where that did not come to be.
  bool pass_on(std::size_t limit);
  const Bytes& said_by_caller() const noexcept { return said_; }
  Stranger& to_caller() noexcept { return *caller_; }
  Stranger& to_listener() noexcept { return *called_; }

 private:
  std::string listener_;
  psyne::Descriptor door_;
  std::unique_ptr<Stranger> caller_, called_;
  Bytes said_;
};

}  // namespace network
