#pragma once

#include <psyne/core/transport/transport.hpp>
#include <psyne/transports/stream/meeting/attendant.hpp>
#include <psyne/transports/stream/meeting/caller.hpp>
#include <psyne/transports/stream/meeting/hello.hpp>
#include <psyne/transports/stream/meeting/message.hpp>
#include <psyne/transports/stream/meeting/message_reader.hpp>
#include <psyne/transports/stream/meeting/new_link.hpp>
#include <psyne/transports/stream/meeting/proof.hpp>
#include <psyne/transports/stream/meeting/reception.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace psyne::inline v0::stream {

/// One handshake as a state machine: bytes in, bytes out. It neither reads nor writes the socket, so that a fuzzer can
/// be the peer.
///
///   connecting end              listening end
///   hello             ------>                      now it is known who is called
///                     <------   hello
///   proof             ------>                      these two where either has a token
///                     <------   proof
///
///   offering side               answering side     whichever of them connected
///   offer             ------>
///                     <------   answer
///   welcome           ------>                      frames follow at once, in both directions
///
/// Or, in place of the last three, where the connecting end comes back for a link that both have kept:
///
///   connecting end              listening end
///   standing          ------>
///                     <------   standing           frames follow at once, in both directions
///
/// A refusal may stand in place of each but a hello. Service thread only.
class Handshake {
 public:
  /// The connecting end of one. `attendant` outlives it, or abandons it.
  Handshake(const Attendant& attendant, Caller caller, MakeLink make_link);
  /// The listening end of one.
  Handshake(Reception& reception, Caller caller, MakeLink make_link);

  /// Once, before all else. Errors: system.
  Result<void> start();

  /// Where the next bytes of the peer belong.
  std::span<std::byte> room() noexcept { return reader_.room(); }
  enum class Progress : std::uint8_t { going_on, linked };
  /// `bytes` of room() are there now. When linked, it is over: the link is the host's, and sends what was unsent. After
  /// an error it is over as well; the caller calls refuse(), sends what is unsent, and calls miss().
  Result<Progress> took(std::size_t bytes);

  /// What is to be sent, as soon as possible.
  std::span<const std::byte> unsent() const noexcept { return unsent_; }
  void sent(std::size_t bytes);

  /// Adds a refusal to what is unsent, where the peer would understand it.
  void refuse(const Error& error);
  /// Takes the link back. Tells the host that it came to nothing where the link had been lent to it; whether it had.
  bool miss(const Error& error);

  /// Whether the peer has shown that it is psyne.
  bool heard_hello() const noexcept { return heard_hello_; }
  /// Whether the peer has shown that it may come.
  bool let_in() const noexcept { return link_.link != nullptr; }
  /// Whether it is about a link that they have already: that it came to nothing is no news, for that is tried again, or
  /// the link ends.
  bool continues() const noexcept { return session_ != nullptr || theirs_.continuation == Continuation::wanted; }
  /// For whom it is; nullptr where that is not known yet.
  const Attendant* attendant() const noexcept { return attendant_; }

 private:
  enum class Awaits : std::uint8_t { hello, proof, offer, answer, welcome, standing, refusal };

  void await(Awaits what) noexcept;
  void say(std::span<const std::byte> message);
  Result<Progress> take(std::span<const std::byte> message);
  Result<Progress> take_hello(std::span<const std::byte> message);
  Result<void> hear_caller();
  Result<void> hear_called();
  Result<void> check_terms() const;
  Result<void> prove();
  Result<Progress> take_proof(std::span<const std::byte> message);
  Result<Progress> begin();
  Result<Progress> take_offer(std::span<const std::byte> message);
  Result<Progress> take_answer(std::span<const std::byte> message);
  Result<Progress> take_welcome();
  bool resumes() const noexcept;
  Result<Progress> begin_again();
  Result<void> say_standing(const Standing& standing);
  Result<Progress> take_standing(std::span<const std::byte> message);
  Result<void> check_standing(const Continuing& said) const;
  Result<void> keep_session();
  Result<Proof> continuation_of(Role prover, std::span<const std::byte> said) const;
  Result<Proof> proof_of(Role prover) const;
  void name_peer();
  std::string_view uri() const noexcept { return attendant_ != nullptr ? attendant_->uri : reception_->uri(); }
  /// The same error, saying what was opened and with whom.
  Error named(const Error& error) const;

  Role role_;
  const Attendant* attendant_ = nullptr;
  Reception* reception_ = nullptr;
  Caller caller_;
  MakeLink make_link_;
  Identity peer_;
  Awaits awaits_ = Awaits::hello;
  MessageReader reader_;
  std::vector<std::byte> unsent_;
  Hello own_, theirs_;
  std::vector<std::byte> own_bytes_, their_bytes_;  // the hellos as they travel
  bool heard_hello_ = false;
  bool may_refuse_ = false;  // the peer would understand it
  NewLink link_;
  std::shared_ptr<Session> session_;  // that it goes on with
  const Link* lent_ = nullptr;        // link_.link, once the host has seen it
};

}  // namespace psyne::inline v0::stream
