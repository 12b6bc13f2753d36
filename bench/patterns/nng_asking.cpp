// nng: req0 and rep0.
#include "patterns/asking.hpp"
#include "patterns/peers.hpp"

#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>

#include <algorithm>
#include <stdexcept>
#include <string>

namespace patterns_bench {
namespace {

void require(int status, const char* what) {
  if (status != 0) throw std::runtime_error(std::string("nng: ") + what + ": " + nng_strerror(status));
}

// Asked one after the other both ask their sockets again and again: 97 us over ipc and 103 over TCP, where they took
// 108 and 106 asleep (5 rounds).
void receive(nng_socket socket, const Terms& terms, std::span<std::byte> message) {
  for (;;) {
    std::size_t size = message.size();
    const int status = nng_recv(socket, message.data(), &size, terms.asleep ? 0 : NNG_FLAG_NONBLOCK);
    if (status == NNG_EAGAIN) continue;
    require(status, "receive");
    return;
  }
}

void send(nng_socket socket, std::span<const std::byte> message) {
  require(nng_send(socket, const_cast<std::byte*>(message.data()), message.size(), 0), "send");
}

void respond(const Terms& terms, const Bureau::Announce& announce, const Bureau::Answer& answer) {
  nng_socket socket{};
  require(nng_rep0_open(&socket), "make a socket");
  const std::string here = tcp_address(psyne::bench::Side::follower);
  std::string at = terms.over_tcp ? here + "0" : "abstract://" + fresh_name();
  nng_listener listener{};
  require(nng_listen(socket, at.c_str(), &listener, 0), "listen");
  if (terms.over_tcp) {
    int port = 0;
    require(nng_listener_get_int(listener, NNG_OPT_TCP_BOUND_PORT, &port), "ask for the port");
    at = here + std::to_string(port);
  }
  Address address{};
  std::ranges::copy(at, address.begin());
  announce(address);
  answer_each(
      terms, answer, [&](std::span<std::byte> query) { receive(socket, terms, query); },
      [socket](std::span<const std::byte> reply) { send(socket, reply); });
}

}  // namespace

Bureau nng_bureau() {
  return {.respond = respond, .asker = [](const Terms& terms, const Address& address) -> Bureau::Ask {
            nng_socket socket{};
            require(nng_req0_open(&socket), "make a socket");
            require(nng_dial(socket, address.data(), nullptr, 0), "dial");
            return [socket, terms](std::span<const std::byte> query, std::span<std::byte> reply) {
              send(socket, query);
              receive(socket, terms, reply);
            };
          }};
}

}  // namespace patterns_bench
