#pragma once

#include <psyne/transports/stream/meeting/handshake.hpp>
#include <psyne/transports/stream/meeting/reception.hpp>

#include "conformance/end.hpp"
#include "transports/stream/fake_link.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stream_test {

using conformance::End;
using psyne::Error;
using psyne::Side;
using psyne::stream::Attendant;
using psyne::stream::Caller;
using psyne::stream::Handshake;
using psyne::stream::Hello;
using psyne::stream::Role;

using Bytes = std::vector<std::byte>;

inline Side opposite(Side side) { return side == Side::offering ? Side::answering : Side::offering; }

/// A port at which one is present, or none.
struct Desk final : psyne::stream::Reception {
  const std::string& uri() const override { return address; }
  Result<const Attendant*> find(const Hello& hello) override {
    if (attendant != nullptr && attendant->name == hello.name) return attendant;
    return Error(Code::not_found, "").because("nobody is present there as that");
  }
  Result<void> let_in(const Attendant& /*attendant*/, const Hello& /*hello*/, const Caller& /*caller*/) override {
    ++asked;
    if (full) return Error(Code::in_use, "").because("another one is the only one");
    return {};
  }

  std::string address = "tcp://*:5555";
  const Attendant* attendant = nullptr;
  bool full = false;
  int asked = 0;
};

/// One end of a handshake, and its host.
struct Person {
  Person(Role own_role, Side side, const std::string& token = {}) : role(own_role) {
    attendant.host = &host;
    attendant.side = side;
    attendant.uri = "tcp://node:5555/ticks";
    attendant.name = "ticks";
    attendant.presence = role == Role::connecting ? 1 : 2;
    attendant.settings.token = token;
    desk.attendant = &attendant;
  }

  Handshake& begin() {
    if (role == Role::connecting) {
      handshake.emplace(attendant, caller, stream_test::make_fake_link);
    } else {
      handshake.emplace(desk, caller, stream_test::make_fake_link);
    }
    handshake->start().value();
    return *handshake;
  }

  /// Gives it `bytes`, at most `step` at once. Stops where it is over; `taken` counts.
  void hear(std::span<const std::byte> bytes, std::size_t step = 100'000) {
    while (!bytes.empty() && !over()) {
      const auto room = handshake->room();
      ASSERT_FALSE(room.empty()) << "it takes in nothing, and goes on";
      const std::size_t part = std::min({step, room.size(), bytes.size()});
      std::memcpy(room.data(), bytes.data(), part);
      bytes = bytes.subspan(part);
      taken += part;
      const auto progress = handshake->took(part);
      if (!progress) {
        error = progress.error();
        handshake->refuse(*error);
        told = handshake->miss(*error);
      } else {
        linked = *progress == Handshake::Progress::linked;
      }
    }
  }
  /// All that it has to say, the link's first words included.
  Bytes said() {
    Bytes bytes(handshake->unsent().begin(), handshake->unsent().end());
    handshake->sent(bytes.size());
    if (linked && !first_taken) {
      first_taken = true;
      met = host.next();
      if (const auto* first = static_cast<stream_test::FakeLink&>(*met.link).first()) {
        bytes.insert(bytes.end(), first->begin(), first->end());
      }
    }
    return bytes;
  }
  /// Its connection breaks.
  void lose() {
    if (over()) return;
    error = Error(Code::peer_lost, "");
    told = handshake->miss(*error);
  }
  bool over() const { return error || linked; }

  Role role;
  End host;
  Attendant attendant;
  Caller caller;
  Desk desk;
  std::optional<Handshake> handshake;
  std::size_t taken = 0;
  bool linked = false, told = false, first_taken = false;
  std::optional<Error> error;
  End::Met met;
};

/// Lets two talk until neither has anything to say.
inline void talk(Person& connecting, Person& listening, std::size_t step = 100'000) {
  connecting.begin();
  listening.begin();
  for (int quiet = 0; quiet < 2;) {
    quiet = 0;
    for (auto [from, to] : {std::pair(&connecting, &listening), {&listening, &connecting}}) {
      const Bytes said = from->said();
      if (said.empty()) ++quiet;
      to->hear(said, step);
    }
  }
}

}  // namespace stream_test
