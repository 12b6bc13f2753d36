// Any bytes from a peer, cut anywhere, at either end and side of a handshake, with or without a token: each message
// ends it with an error or moves it on; nothing is read past the last one; whoever has not proved the token never gets
// in.
#include <psyne/transports/stream/meeting/handshake.hpp>
#include <psyne/transports/stream/meeting/message.hpp>

#include "../transports/stream/fake_link.hpp"
#include "input.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>

namespace {

using psyne::Greeting;
using psyne::Link;
using psyne::Result;
using psyne::Side;
using psyne::stream::Attendant;
using psyne::stream::Caller;
using psyne::stream::Handshake;
using psyne::stream::Hello;

void check(bool promise) {
  if (!promise) std::abort();
}

/// Attaches whatever the peer exposes.
struct Attacher final : psyne::Host {
  std::unique_ptr<Link> kept;
  const Link* lent = nullptr;

  static Greeting greeting() {
    Greeting greeting;
    greeting.bytes.resize(16);
    return greeting;
  }
  static Result<void> attach(Link& link, Greeting theirs) {
    check(theirs.bytes.size() <= Greeting::longest && theirs.spans.size() <= Greeting::most_spans);
    for (auto& span : theirs.spans) {
      check(!span.descriptor && span.key.size() <= psyne::RemoteSpan::longest_key);
      if (auto region = link.attach(std::move(span)); !region) return region.error();
    }
    return {};
  }
  Result<Greeting> offer(Link& link) override {
    lent = &link;
    return greeting();
  }
  Result<void> admit(std::unique_ptr<Link>& link, Greeting answer) override {
    if (auto good = attach(*link, std::move(answer)); !good) return good;
    kept = std::move(link);
    return {};
  }
  Result<Greeting> answer(Link& link, Greeting offer) override {
    lent = &link;
    if (auto good = attach(link, std::move(offer)); !good) return good.error();
    return greeting();
  }
  void welcome(std::unique_ptr<Link> link) override { kept = std::move(link); }
  void missed(const Link* link, const psyne::Error& error) override {
    check(link == lent && kept == nullptr);
    for (const char letter : error.text()) check(static_cast<unsigned char>(letter) >= 0x20);
    lent = nullptr;
  }
};

struct Desk final : psyne::stream::Reception {
  explicit Desk(const Attendant& only) : attendant(only) {}
  const std::string& uri() const override { return attendant.uri; }
  Result<const Attendant*> find(const Hello& hello) override {
    if (hello.side == attendant.side || hello.name != attendant.name) return psyne::Code::not_found;
    return &attendant;
  }
  Result<void> let_in(const Attendant& /*attendant*/, const Hello& /*hello*/, const Caller& /*caller*/) override {
    check(attendant.settings.token.empty());  // nobody can have guessed it
    return {};
  }
  const Attendant& attendant;
};

/// A hello that such an end would take.
std::vector<std::byte> good_hello(const Attendant& attendant) {
  Hello hello = Hello::own().value();
  hello.side = attendant.side == Side::offering ? Side::answering : Side::offering;
  hello.name = attendant.name;
  hello.presence = 2;
  if (!attendant.settings.token.empty()) hello.authentication = psyne::stream::Authentication::token;
  return psyne::stream::encode(hello);
}

class Fuzzed {
 public:
  explicit Fuzzed(std::uint8_t mode) : desk_(attendant_) {
    attendant_.host = &host_;
    attendant_.side = (mode & 1) != 0 ? Side::offering : Side::answering;
    attendant_.uri = "tcp://fuzz:1/name";
    attendant_.name = "name";
    attendant_.presence = 1;
    if ((mode & 2) != 0) attendant_.settings.token = "secret";
    if ((mode & 4) != 0) {
      handshake_.emplace(attendant_, Caller{}, stream_test::make_fake_link);
    } else {
      handshake_.emplace(desk_, Caller{}, stream_test::make_fake_link);
    }
    check(handshake_->start().has_value());
    if ((mode & 8) != 0) say(good_hello(attendant_), 1000);
  }

  /// One message with its length before it, in pieces.
  void say(const std::vector<std::byte>& message, std::size_t piece) {
    std::vector<std::byte> bytes;
    for (std::size_t i = 0; i < psyne::stream::length_bytes; ++i) {
      bytes.push_back(static_cast<std::byte>(message.size() >> (8 * i)));
    }
    bytes.insert(bytes.end(), message.begin(), message.end());
    hear(bytes, piece);
  }
  void hear(std::span<const std::byte> bytes, std::size_t piece) {
    while (!over_ && !bytes.empty()) {
      const auto room = handshake_->room();
      check(!room.empty() && room.size() <= psyne::stream::longest_message);
      const std::size_t part = std::min({piece, room.size(), bytes.size()});
      std::memcpy(room.data(), bytes.data(), part);
      bytes = bytes.subspan(part);
      const auto progress = handshake_->took(part);
      over_ = !progress || *progress == Handshake::Progress::linked;
      if (!progress) {
        const bool lent = host_.lent != nullptr;
        handshake_->refuse(progress.error());
        check(handshake_->miss(progress.error()) == lent);
      } else if (over_) {
        check(host_.kept != nullptr && attendant_.settings.token.empty());
      }
      check(handshake_->unsent().size() < 4 * psyne::stream::longest_message);
    }
  }
  bool over() const { return over_; }

 private:
  Attacher host_;
  Attendant attendant_;
  Desk desk_;
  std::optional<Handshake> handshake_;
  bool over_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  psyne_fuzz::Input input(data, size);
  Fuzzed fuzzed(input.take<std::uint8_t>());
  while (!fuzzed.over() && !input.empty()) {
    const auto shape = input.take<std::uint8_t>();
    std::vector<std::byte> bytes((shape & 0x3f) == 0x3f ? input.take<std::uint16_t>() % 9000 : shape & 0x3f);
    for (auto& byte : bytes) byte = input.take<std::byte>();
    const std::size_t piece = (shape & 0x40) != 0 ? 1 : 10'000;
    (shape & 0x80) != 0 ? fuzzed.hear(bytes, piece) : fuzzed.say(bytes, piece);
  }
  return 0;
}
