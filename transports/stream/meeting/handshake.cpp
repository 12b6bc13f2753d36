#include <psyne/core/uri/name.hpp>
#include <psyne/core/uri/quoted.hpp>
#include <psyne/transports/greeting/bytes.hpp>
#include <psyne/transports/stream/meeting/handshake.hpp>
#include <psyne/transports/stream/meeting/message.hpp>

#include <utility>

namespace psyne::inline v0::stream {

namespace {

Side opposite(Side side) { return side == Side::offering ? Side::answering : Side::offering; }

Authentication authentication_of(const Attendant& attendant) {
  return attendant.settings.token.empty() ? Authentication::none : Authentication::token;
}

}  // namespace

Handshake::Handshake(const Attendant& attendant, Caller caller, MakeLink make_link)
    : role_(Role::connecting), attendant_(&attendant), caller_(std::move(caller)), make_link_(std::move(make_link)) {}

Handshake::Handshake(Reception& reception, Caller caller, MakeLink make_link)
    : role_(Role::listening), reception_(&reception), caller_(std::move(caller)), make_link_(std::move(make_link)) {}

Result<void> Handshake::start() {
  peer_.pid = caller_.pid;
  peer_.name = caller_.by_kernel ? "pid " + std::to_string(caller_.pid) : caller_.address;
  auto hello = Hello::own();
  if (!hello) return hello.error();
  own_ = std::move(*hello);
  await(Awaits::hello);
  if (role_ == Role::listening) return {};  // which presence is meant, only the caller can say
  own_.side = attendant_->side;
  own_.exclusive = attendant_->exclusive;
  own_.authentication = authentication_of(*attendant_);
  own_.presence = attendant_->presence;
  own_.name = attendant_->name;
  if (attendant_->sessions) {
    session_ = attendant_->sessions->any();
    own_.continuation = session_ ? Continuation::wanted : Continuation::possible;
  }
  own_bytes_ = encode(own_);
  say(own_bytes_);
  return {};
}

void Handshake::await(Awaits what) noexcept {
  awaits_ = what;
  switch (what) {
    case Awaits::hello: return reader_.expect(Hello::bytes, Hello::bytes);
    case Awaits::proof:
    case Awaits::standing:
    case Awaits::refusal: return reader_.expect(1, longest_short_message);
    case Awaits::offer:
    case Awaits::answer:
    case Awaits::welcome: return reader_.expect(1, longest_message);
  }
}

void Handshake::say(std::span<const std::byte> message) {
  ByteWriter writer(unsent_);
  writer.put_little_endian(static_cast<std::uint32_t>(message.size()));
  writer.put(message);
}

void Handshake::sent(std::size_t bytes) {
  unsent_.erase(unsent_.begin(), unsent_.begin() + static_cast<std::ptrdiff_t>(bytes));
}

Result<Handshake::Progress> Handshake::took(std::size_t bytes) {
  const auto whole = reader_.took(bytes);
  if (whole && !*whole) return Progress::going_on;
  auto progress = whole ? take(reader_.take()) : Result<Progress>(named(whole.error()));
  // Who answers otherwise does not have the link any more. That its place is taken passes.
  const bool given_up = !progress && session_ && role_ == Role::connecting && progress.error() != Code::in_use;
  if (given_up) {
    session_->with_link([&](Resumable& link) {
      const Error& why = progress.error();
      why == Code::refused ? link.refused(std::string(why.reason())) : link.give_up();
    });
  }
  return progress;
}

Result<Handshake::Progress> Handshake::take(std::span<const std::byte> message) {
  if (awaits_ == Awaits::hello) return take_hello(message);
  const auto which = message_of(message);
  if (!which) return named(which.error());
  switch (*which) {
    case Message::refusal:
      may_refuse_ = false;
      return decode_refusal(message, "cannot connect " + std::string(uri()), peer_.name);
    case Message::proof:
      if (awaits_ == Awaits::proof) return take_proof(message);
      break;
    case Message::offer:
      if (awaits_ == Awaits::offer) return take_offer(message);
      break;
    case Message::answer:
      if (awaits_ == Awaits::answer) return take_answer(message);
      break;
    case Message::standing:
      if (awaits_ == Awaits::standing) return take_standing(message);
      break;
    case Message::welcome:
      if (awaits_ == Awaits::welcome) return take_welcome();
      break;
  }
  return named(Error(Code::corrupted, "").because("it sent a message that is not due"));
}

Result<Handshake::Progress> Handshake::take_hello(std::span<const std::byte> message) {
  auto hello = decode_hello(message);
  if (!hello) return named(hello.error());
  theirs_ = std::move(*hello);
  their_bytes_.assign(message.begin(), message.end());
  heard_hello_ = true;
  name_peer();
  if (auto heard = role_ == Role::listening ? hear_caller() : hear_called(); !heard) return named(heard.error());
  if (awaits_ == Awaits::refusal) return Progress::going_on;
  if (auto good = check_terms(); !good) return named(good.error());
  if (own_.authentication == Authentication::none) return begin();
  await(Awaits::proof);
  if (role_ == Role::connecting) {
    if (auto proved = prove(); !proved) return named(proved.error());
  }
  return Progress::going_on;
}

// Whatever is wrong, the caller hears our hello, so that both ends name the same reason.
Result<void> Handshake::hear_caller() {
  const auto found = reception_->find(theirs_);
  own_.side = opposite(theirs_.side);
  own_.authentication = theirs_.authentication;
  own_.name = theirs_.name;
  if (found) {
    attendant_ = *found;
    own_.exclusive = attendant_->exclusive;
    own_.authentication = authentication_of(*attendant_);
    own_.presence = attendant_->presence;
    if (attendant_->sessions) own_.continuation = Continuation::possible;
  }
  own_bytes_ = encode(own_);
  say(own_bytes_);
  if (auto compatible = theirs_.check_compatible(); !compatible) return compatible;
  may_refuse_ = true;
  if (!found) return found.error();
  return {};
}

Result<void> Handshake::hear_called() {
  if (auto compatible = theirs_.check_compatible(); !compatible) return compatible;
  may_refuse_ = true;
  if (theirs_.side == own_.side || theirs_.name != own_.name) {
    return Error(Code::corrupted, "").because("it answers for another name or side than was called");
  }
  if (theirs_.presence == 0) await(Awaits::refusal);  // nobody is there, and it will say why
  return {};
}

Result<void> Handshake::check_terms() const {
  if (own_.authentication != theirs_.authentication) {
    const bool ours = own_.authentication == Authentication::token;
    return Error(Code::refused, "")
        .because(ours ? "this end has a token and the other has none" : "the other end has a token and this has none")
        .mend("Give both sides the same PSYNE_TOKEN.");
  }
  if (caller_.exposed() && own_.authentication == Authentication::none && !attendant_->settings.insecure) {
    return Error(Code::refused, "")
        .because("it leaves this host, and no token says who may come")
        .mend(
            "Give both sides the same PSYNE_TOKEN, or use tls://, or insecure=1 where every host on the network may "
            "come.");
  }
  return {};
}

Result<Proof> Handshake::proof_of(Role prover) const {
  const bool connecting = role_ == Role::connecting;
  return Proof::make(attendant_->settings.token, prover, connecting ? own_bytes_ : their_bytes_,
                     connecting ? their_bytes_ : own_bytes_);
}

Result<void> Handshake::prove() {
  const auto proof = proof_of(role_);
  if (!proof) return proof.error();
  say(encode_proof(*proof));
  return {};
}

Result<Handshake::Progress> Handshake::take_proof(std::span<const std::byte> message) {
  const auto expected = proof_of(role_ == Role::connecting ? Role::listening : Role::connecting);
  if (!expected) return named(expected.error());
  if (!expected->equals(message.subspan(1))) {
    return named(Error(Code::refused, "").because("wrong token").mend("Give both sides the same PSYNE_TOKEN."));
  }
  if (role_ == Role::listening) {
    if (auto proved = prove(); !proved) return named(proved.error());
  }
  return begin();
}

bool Handshake::resumes() const noexcept {
  return role_ == Role::connecting ? session_ != nullptr : theirs_.continuation == Continuation::wanted;
}

Result<Handshake::Progress> Handshake::begin() {
  if (resumes()) return begin_again();
  if (role_ == Role::listening) {
    if (auto in = reception_->let_in(*attendant_, theirs_, caller_); !in) return named(in.error());
    if (attendant_->sessions) attendant_->sessions->end_with(theirs_.presence);
  }
  auto made = make_link_(caller_, *attendant_, peer_);
  if (!made) return named(made.error());
  link_ = std::move(*made);
  if (auto kept = keep_session(); !kept) return named(kept.error());
  if (attendant_->side == Side::answering) {
    await(Awaits::offer);
    return Progress::going_on;
  }
  lent_ = link_.link.get();
  auto offer = attendant_->host->offer(*link_.link);
  if (!offer) return offer.error();
  const auto encoded = encode_greeting(Message::offer, std::move(*offer));
  if (!encoded) return encoded.error();
  say(*encoded);
  await(Awaits::answer);
  return Progress::going_on;
}

Result<Handshake::Progress> Handshake::take_offer(std::span<const std::byte> message) {
  auto offer = decode_greeting(message);
  if (!offer) return named(offer.error());
  lent_ = link_.link.get();
  auto answer = attendant_->host->answer(*link_.link, std::move(*offer));
  if (!answer) return answer.error();
  const auto encoded = encode_greeting(Message::answer, std::move(*answer));
  if (!encoded) return encoded.error();
  say(*encoded);
  await(Awaits::welcome);
  return Progress::going_on;
}

// The link first, so that what the host posts from within admit follows the welcome.
Result<Handshake::Progress> Handshake::take_answer(std::span<const std::byte> message) {
  auto answer = decode_greeting(message);
  if (!answer) return named(answer.error());
  const std::size_t before_welcome = unsent_.size();
  say(encode_welcome());
  auto first = unsent_;
  unsent_.resize(before_welcome);
  if (auto started = link_.start(std::move(first)); !started) return named(started.error());
  if (auto admitted = attendant_->host->admit(link_.link, std::move(*answer)); !admitted) return admitted.error();
  unsent_.clear();
  return Progress::linked;
}

Result<Handshake::Progress> Handshake::take_welcome() {
  if (auto started = link_.start(std::exchange(unsent_, {})); !started) return named(started.error());
  attendant_->host->welcome(std::move(link_.link));
  return Progress::linked;
}

// Both ends compute its secret, and neither has said it.
Result<void> Handshake::keep_session() {
  const bool both = own_.continuation != Continuation::none && theirs_.continuation != Continuation::none;
  if (!both || link_.resumable == nullptr) return {};
  const bool connecting = role_ == Role::connecting;
  const auto secret = Proof::of_session(attendant_->settings.token, connecting ? own_bytes_ : their_bytes_,
                                        connecting ? their_bytes_ : own_bytes_);
  if (!secret) return secret.error();
  attendant_->sessions->begin(
      std::make_shared<Session>(connecting ? own_.nonce : theirs_.nonce, *secret, theirs_.presence, *link_.resumable),
      attendant_->settings.reconnect);
  return {};
}

// That it has no such link is no news for its host: whoever asked begins anew.
Result<Handshake::Progress> Handshake::begin_again() {
  if (own_.continuation == Continuation::none || theirs_.continuation == Continuation::none) {
    return named(Error(Code::not_found, "").because("one end keeps no links whose connection is broken"));
  }
  await(Awaits::standing);
  if (role_ == Role::listening) return Progress::going_on;
  std::optional<Standing> standing;
  session_->with_link([&](Resumable& link) { standing = link.stand(); });
  if (!standing) return named(Error(Code::not_found, "").because("the link has ended"));
  if (auto said = say_standing(*standing); !said) return named(said.error());
  return Progress::going_on;
}

Result<Proof> Handshake::continuation_of(Role prover, std::span<const std::byte> said) const {
  const bool connecting = role_ == Role::connecting;
  return Proof::of_continuation(session_->secret(), prover, connecting ? own_bytes_ : their_bytes_,
                                connecting ? their_bytes_ : own_bytes_, said);
}

Result<void> Handshake::say_standing(const Standing& standing) {
  auto message = encode_unproved(session_->id(), standing);
  const auto proof = continuation_of(role_, message);
  if (!proof) return proof.error();
  message.insert(message.end(), proof->digest.begin(), proof->digest.end());
  say(message);
  return {};
}

Result<void> Handshake::check_standing(const Continuing& said) const {
  const auto expected = continuation_of(role_ == Role::connecting ? Role::listening : Role::connecting,
                                        encode_unproved(said.session, said.standing));
  if (!expected) return expected.error();
  if (said.session == session_->id() && expected->equals(said.proof.digest)) return {};
  return Error(Code::refused, "").because("it does not have the secret of the link that it wants to go on with");
}

// The listening end drops the connection that it had, if it does not know yet that the other has given it up.
Result<Handshake::Progress> Handshake::take_standing(std::span<const std::byte> message) {
  const auto said = decode_standing(message);
  if (!said) return named(said.error());
  if (role_ == Role::listening) session_ = attendant_->sessions->find(said->session);
  const Error gone = Error(Code::not_found, "").because("the link that it wants to go on with has ended");
  if (!session_) return named(gone);
  if (auto proved = check_standing(*said); !proved) return named(proved.error());
  if (const auto& why = session_->refusal()) return named(Error(Code::refused, "").because(*why));
  const std::size_t before = unsent_.size();
  if (role_ == Role::listening) {
    if (auto in = reception_->let_in(*attendant_, theirs_, caller_); !in) return named(in.error());
    std::optional<Standing> standing;
    session_->with_link([&](Resumable& link) { standing = link.stand(); });
    if (!standing) return named(gone);
    if (auto answered = say_standing(*standing); !answered) return named(answered.error());
  }
  auto first = unsent_;
  unsent_.resize(before);
  Result<void> resumed = gone;
  session_->with_link(
      [&](Resumable& link) { resumed = link.resume(caller_.line, caller_.stream, said->standing, std::move(first)); });
  if (!resumed) return named(resumed.error());
  unsent_.clear();
  return Progress::linked;
}

void Handshake::refuse(const Error& error) {
  if (std::exchange(may_refuse_, false)) say(encode_refusal(error));
}

bool Handshake::miss(const Error& error) {
  const bool lent = lent_ != nullptr;
  if (lent) attendant_->host->missed(std::exchange(lent_, nullptr), error);
  link_ = {};
  return lent;
}

void Handshake::name_peer() {
  if (caller_.by_kernel && caller_.pid != 0) return;
  peer_.pid = theirs_.pid;
  peer_.name = "pid " + std::to_string(theirs_.pid);
  if (caller_.by_kernel) {
    peer_.name += " of another PID namespace";
  } else if (!caller_.this_host()) {
    const bool plain = Name::parse(theirs_.host).has_value();  // a stranger wrote it
    peer_.name += " on " + (plain ? theirs_.host : quoted(theirs_.host)) + " (" + caller_.address + ")";
  }
}

Error Handshake::named(const Error& error) const {
  return Error(error.code(), "cannot connect " + std::string(uri()))
      .peer(peer_.name)
      .because(std::string(error.reason().empty() ? error.what() : error.reason()))
      .mend(std::string(error.advice()));
}

}  // namespace psyne::inline v0::stream
