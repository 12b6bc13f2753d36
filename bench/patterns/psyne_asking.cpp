// psyne: Requester and Responder.
#include <psyne.hpp>

#include "messages/tcp_connection.hpp"
#include "patterns/asking.hpp"
#include "patterns/peers.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>

namespace patterns_bench {
namespace {

template <std::size_t words>
struct Words {
  std::array<std::uint64_t, words> word;
};

// Asked one after the other it never sleeps: over ipc that is so by itself. Asked seldom it waits as it does by itself.
std::optional<psyne::Patience> patience(const Terms& terms) {
  if (terms.asleep) return std::nullopt;
  return psyne::Patience{.spins = 1'000'000};
}

template <class Message>
void respond(const Terms& terms, const Bureau::Announce& announce, const Bureau::Answer& answer) {
  const std::string port = std::to_string(psyne::bench::free_port());
  const std::string name = "ipc://" + fresh_name();
  auto responder =
      psyne::Responder<Message, Message>::open(terms.over_tcp ? "tcp://*:" + port : name, {.patience = patience(terms)})
          .value();
  const std::string here = tcp_address(psyne::bench::Side::follower);
  Address address{};
  std::ranges::copy(terms.over_tcp ? here + port : name, address.begin());
  announce(address);
  responder
      .serve([&answer](const Message& query) {
        Message reply;
        answer(std::as_bytes(std::span(query.word)), std::as_writable_bytes(std::span(reply.word)));
        return reply;
      })
      .value();
}

template <class Message>
Bureau::Ask asker(const Terms& terms, const Address& address) {
  auto requester = std::make_shared<psyne::Requester<Message, Message>>(
      psyne::Requester<Message, Message>::open(address.data(), {.patience = patience(terms)}).value());
  return [requester](std::span<const std::byte> query, std::span<std::byte> reply) {
    Message message;
    std::memcpy(&message, query.data(), sizeof message);
    const auto answer = requester->ask(message);
    if (!answer) throw std::runtime_error(answer.error().text());
    std::memcpy(reply.data(), &*answer, sizeof message);
  };
}

/// Calls `with` with the message of so many bytes.
template <class With>
auto of_size(std::size_t bytes, With&& with) {
  switch (bytes) {
    case 8: return with(Words<1>());
    case 1024: return with(Words<128>());
    default: throw std::runtime_error("psyne: no message of that size");
  }
}

}  // namespace

Bureau psyne_bureau() {
  return {.respond =
              [](const Terms& terms, const Bureau::Announce& announce, const Bureau::Answer& answer) {
                of_size(terms.bytes, [&](auto message) { respond<decltype(message)>(terms, announce, answer); });
              },
          .asker = [](const Terms& terms, const Address& address) -> Bureau::Ask {
            return of_size(terms.bytes, [&](auto message) { return asker<decltype(message)>(terms, address); });
          }};
}

}  // namespace patterns_bench
