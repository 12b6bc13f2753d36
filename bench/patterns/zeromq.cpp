// ZeroMQ: PUB, which waits for the slow ones (ZMQ_XPUB_NODROP) where it would drop, and SUB.
#include "patterns/fan_out.hpp"
#include "patterns/peers.hpp"
#include "patterns/works.hpp"
#include "pool/serving.hpp"

#include <unistd.h>
#include <zmq.h>

#include <cstring>
#include <stdexcept>
#include <string>

namespace {

using patterns_bench::Address;
using patterns_bench::Frame;
using patterns_bench::Library;
using patterns_bench::Note;

void require(bool fine, const char* what) {
  if (!fine) throw std::runtime_error(std::string("ZeroMQ: ") + what + ": " + zmq_strerror(zmq_errno()));
}

// Its process ends with it: it is not closed, for that may wait for those who have gone.
void* open_socket(int type) {
  void* socket = zmq_socket(zmq_ctx_new(), type);
  require(socket != nullptr, "make a socket");
  const int in_flight = 10'000;
  zmq_setsockopt(socket, ZMQ_SNDHWM, &in_flight, sizeof in_flight);
  zmq_setsockopt(socket, ZMQ_RCVHWM, &in_flight, sizeof in_flight);
  return socket;
}

Library library(bool over_tcp) {
  return {
      .publisher = [over_tcp](Address& address) -> Library::Publish {
        void* socket = open_socket(ZMQ_PUB);
        const int yes = 1;
        require(zmq_setsockopt(socket, ZMQ_XPUB_NODROP, &yes, sizeof yes) == 0, "wait for the slow ones");
        const std::string here = patterns_bench::tcp_address(psyne::bench::Side::leader);
        const std::string at = over_tcp ? here + "*" : "ipc://@" + patterns_bench::fresh_name();
        require(zmq_bind(socket, at.c_str()) == 0, "bind");
        std::size_t length = address.size();
        require(zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, address.data(), &length) == 0, "ask for the address");
        return [socket](const Note& note) {
          const Frame frame{.note = note};
          require(zmq_send(socket, &frame, sizeof frame, 0) >= 0, "send");
        };
      },
      .subscriber = [](const Address& address) -> Library::Receive {
        void* socket = open_socket(ZMQ_SUB);
        require(zmq_setsockopt(socket, ZMQ_SUBSCRIBE, patterns_bench::prefix, patterns_bench::prefix_bytes) == 0,
                "subscribe");
        require(zmq_connect(socket, address.data()) == 0, "connect");
        return [socket] {
          Frame frame;
          require(zmq_recv(socket, &frame, sizeof frame, 0) == static_cast<int>(sizeof frame), "receive");
          return frame.note;
        };
      },
  };
}

}  // namespace

int main(int argc, char** argv) {
  return pool_bench::serve(argc, argv,
                           patterns_bench::works(library(false), library(true), patterns_bench::zeromq_bureau()));
}
