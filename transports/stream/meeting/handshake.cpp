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
  own_bytes_ = encode(own_);
  say(own_bytes_);
  return {};
}

void Handshake::await(Awaits what) noexcept {
  awaits_ = what;
  switch (what) {
    case Awaits::hello: return reader_.expect(Hello::bytes, Hello::bytes);
    case Awaits::proof:
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
  if (!whole) return named(whole.error());
  return *whole ? take(reader_.take()) : Progress::going_on;
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

Result<Handshake::Progress> Handshake::begin() {
  if (role_ == Role::listening) {
    if (auto in = reception_->let_in(*attendant_, theirs_, caller_); !in) return named(in.error());
  }
  auto made = make_link_(caller_, *attendant_, peer_);
  if (!made) return named(made.error());
  link_ = std::move(*made);
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
