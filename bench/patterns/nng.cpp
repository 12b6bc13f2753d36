// nng: pub0, which drops what the slow ones do not take, and sub0.
#include "patterns/fan_out.hpp"
#include "patterns/peers.hpp"
#include "patterns/works.hpp"
#include "pool/serving.hpp"

#include <nng/nng.h>
#include <nng/protocol/pubsub0/pub.h>
#include <nng/protocol/pubsub0/sub.h>

#include <algorithm>
#include <stdexcept>
#include <string>

namespace {

using patterns_bench::Address;
using patterns_bench::Frame;
using patterns_bench::Library;
using patterns_bench::Note;

constexpr int in_flight = 8192;  // the most that it takes

void require(int status, const char* what) {
  if (status != 0) throw std::runtime_error(std::string("nng: ") + what + ": " + nng_strerror(status));
}

Library library(bool over_tcp) {
  return {
      .publisher = [over_tcp](Address& address) -> Library::Publish {
        nng_socket socket{};
        require(nng_pub0_open(&socket), "make a socket");
        require(nng_socket_set_int(socket, NNG_OPT_SENDBUF, in_flight), "set the send buffer");
        const std::string here = patterns_bench::tcp_address(psyne::bench::Side::leader);
        std::string at = over_tcp ? here + "0" : "abstract://" + patterns_bench::fresh_name();
        nng_listener listener{};
        require(nng_listen(socket, at.c_str(), &listener, 0), "listen");
        if (over_tcp) {
          int port = 0;
          require(nng_listener_get_int(listener, NNG_OPT_TCP_BOUND_PORT, &port), "ask for the port");
          at = here + std::to_string(port);
        }
        std::ranges::copy(at, address.begin());
        return [socket](const Note& note) {
          Frame frame{.note = note};
          require(nng_send(socket, &frame, sizeof frame, 0), "send");
        };
      },
      .subscriber = [](const Address& address) -> Library::Receive {
        nng_socket socket{};
        require(nng_sub0_open(&socket), "make a socket");
        require(nng_socket_set_int(socket, NNG_OPT_RECVBUF, in_flight), "set the receive buffer");
        require(nng_socket_set(socket, NNG_OPT_SUB_SUBSCRIBE, patterns_bench::prefix, patterns_bench::prefix_bytes),
                "subscribe");
        require(nng_dial(socket, address.data(), nullptr, 0), "dial");
        return [socket] {
          Frame frame;
          std::size_t size = sizeof frame;
          require(nng_recv(socket, &frame, &size, 0), "receive");
          return frame.note;
        };
      },
  };
}

}  // namespace

int main(int argc, char** argv) {
  return pool_bench::serve(argc, argv,
                           patterns_bench::works(library(false), library(true), patterns_bench::nng_bureau()));
}
