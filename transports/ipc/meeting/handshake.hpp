#pragma once

#include <psyne/core/service/life_line.hpp>
#include <psyne/core/transport/transport.hpp>
#include <psyne/transports/ipc/ipc_link.hpp>
#include <psyne/transports/ipc/meeting/packet.hpp>
#include <psyne/transports/ipc/meeting/wire.hpp>

#include <memory>
#include <optional>
#include <string>

namespace psyne::inline v0 {

/// One handshake as a state machine: takes a packet, gives the packet to answer with. It neither reads nor writes the
/// socket, so that a fuzzer can be the peer.
///
///   offering side                answering side
///   hello              <------>  hello              both at once; each brings the page that the other signals in
///   offer               ------>
///                      <------   answer, or a refusal
///   welcome, or refusal ------>
///
/// Service thread only.
class Handshake {
 public:
  /// `uri` is what is opened, for errors. `line` becomes the link's; `pid` is the peer's as the kernel says, 0 where it
  /// is in another PID namespace.
  Handshake(Side side, Host& host, std::string uri, std::shared_ptr<LifeLine> line, std::int64_t pid);

  /// What to send first. Once.
  Result<Packet> hello();

  struct Turn {
    std::optional<Packet> reply;
    bool linked = false;  ///< it is over: the link is the host's
  };
  /// After an error it is over as well; the caller sends the peer a refusal where may_refuse(), and calls miss().
  Result<Turn> take(Packet packet);

  /// Whether the peer would understand a refusal.
  bool may_refuse() const noexcept { return heard_hello_ && !refused_; }
  /// Tells the host that this came to nothing.
  void miss(const Error& error);

 private:
  enum class Awaits : std::uint8_t { hello, offer, answer, welcome };

  Result<Turn> take_hello(Packet packet);
  Result<Turn> take_offer(Packet packet);
  Result<Turn> take_answer(Packet packet);
  Result<Turn> take_welcome();
  /// The same error, saying what was opened and with whom.
  Error named(const Error& error) const;

  Side side_;
  Host& host_;
  std::string uri_;
  std::shared_ptr<LifeLine> line_;
  Identity peer_;
  Awaits awaits_ = Awaits::hello;
  bool heard_hello_ = false;
  bool refused_ = false;  // by the peer
  Region counters_;       // until the link has them
  std::unique_ptr<Link> link_;
  const Link* lent_ = nullptr;  // link_, once the host has seen it
};

}  // namespace psyne::inline v0
