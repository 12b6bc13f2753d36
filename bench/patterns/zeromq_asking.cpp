// ZeroMQ: REQ and REP.
#include "patterns/asking.hpp"
#include "patterns/peers.hpp"

#include <zmq.h>

#include <stdexcept>
#include <string>

namespace patterns_bench {
namespace {

void require(bool fine, const char* what) {
  if (!fine) throw std::runtime_error(std::string("ZeroMQ: ") + what + ": " + zmq_strerror(zmq_errno()));
}

// Its process ends with it, and nobody closes it.
void* open_socket(int type) {
  void* socket = zmq_socket(zmq_ctx_new(), type);
  require(socket != nullptr, "make a socket");
  return socket;
}

// Asked one after the other both ask their sockets again and again: 60 us over ipc and 66 over TCP, where they took 74
// and 82 asleep. DEALER and ROUTER in place of REQ and REP: 71 and 82 (5 rounds).
void receive(void* socket, const Terms& terms, std::span<std::byte> message) {
  for (;;) {
    const int size = zmq_recv(socket, message.data(), message.size(), terms.asleep ? 0 : ZMQ_DONTWAIT);
    if (size == static_cast<int>(message.size())) return;
    require(size < 0 && zmq_errno() == EAGAIN, "receive");
  }
}

void send(void* socket, std::span<const std::byte> message) {
  require(zmq_send(socket, message.data(), message.size(), 0) >= 0, "send");
}

void respond(const Terms& terms, const Bureau::Announce& announce, const Bureau::Answer& answer) {
  void* socket = open_socket(ZMQ_REP);
  const std::string here = tcp_address(psyne::bench::Side::follower);
  const std::string at = terms.over_tcp ? here + "*" : "ipc://@" + fresh_name();
  require(zmq_bind(socket, at.c_str()) == 0, "bind");
  Address address{};
  std::size_t length = address.size();
  require(zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, address.data(), &length) == 0, "ask for the address");
  announce(address);
  answer_each(
      terms, answer, [&](std::span<std::byte> query) { receive(socket, terms, query); },
      [socket](std::span<const std::byte> reply) { send(socket, reply); });
}

}  // namespace

Bureau zeromq_bureau() {
  return {.respond = respond, .asker = [](const Terms& terms, const Address& address) -> Bureau::Ask {
            void* socket = open_socket(ZMQ_REQ);
            require(zmq_connect(socket, address.data()) == 0, "connect");
            return [socket, terms](std::span<const std::byte> query, std::span<std::byte> reply) {
              send(socket, query);
              receive(socket, terms, reply);
            };
          }};
}

}  // namespace patterns_bench
