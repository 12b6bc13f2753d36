// ZeroMQ: a PAIR of sockets over ipc or TCP, anew for each measurement. It always sleeps until a message is there.
#include "pair/network.hpp"
#include "pair/session.hpp"
#include "pair/works.hpp"

#include <unistd.h>
#include <zmq.h>

#include <array>
#include <stdexcept>
#include <string>

namespace psyne::bench {
namespace {

void require(bool fine, const char* what) {
  if (!fine) throw std::runtime_error(std::string("ZeroMQ: ") + what + ": " + zmq_strerror(zmq_errno()));
}

class ZeroMq {
 public:
  ZeroMq(Over over, Side side, const Cell& cell, Control& control) : context_(zmq_ctx_new()) {
    socket_ = zmq_socket(context_, ZMQ_PAIR);
    require(socket_ != nullptr, "make a socket");
    const int in_flight = cell.size <= 4096 ? 1000 : 16;
    zmq_setsockopt(socket_, ZMQ_SNDHWM, &in_flight, sizeof in_flight);
    zmq_setsockopt(socket_, ZMQ_RCVHWM, &in_flight, sizeof in_flight);
    const int linger = 0;
    zmq_setsockopt(socket_, ZMQ_LINGER, &linger, sizeof linger);
    if (side == Side::leader) {
      require(zmq_bind(socket_, fresh_address(over).c_str()) == 0, "bind");
      Address address{};
      std::size_t length = address.size();
      require(zmq_getsockopt(socket_, ZMQ_LAST_ENDPOINT, address.data(), &length) == 0, "ask for the address");
      control.send_bytes(address.data(), address.size());
      control.receive();
    } else {
      Address address{};
      control.receive_bytes(address.data(), address.size());
      require(zmq_connect(socket_, address.data()) == 0, "connect");
      control.send(0);
    }
  }
  ZeroMq(const ZeroMq&) = delete;
  ZeroMq& operator=(const ZeroMq&) = delete;
  ~ZeroMq() {
    zmq_close(socket_);
    zmq_ctx_term(context_);
  }

  void send(std::span<const std::byte> message) { start_send(0, message); }
  void receive(std::span<std::byte> message) {
    require(zmq_recv(socket_, message.data(), message.size(), 0) == static_cast<int>(message.size()), "receive");
  }

  /// It copies at once, so that one user's buffer will do: what is in flight is in its queues.
  std::size_t window(const Cell&) const noexcept { return 1; }
  void start_send(std::size_t, std::span<const std::byte> message) {
    require(zmq_send(socket_, message.data(), message.size(), 0) >= 0, "send");
  }
  void finish_send(std::size_t) {}
  void start_receive(std::size_t, std::span<std::byte> message) { posted_ = message; }
  void finish_receive(std::size_t) { receive(posted_); }

  /// Messages that the library owns are written and read where they lie.
  struct Flight {
    void* socket;

    template <class Writer>
    void write(std::size_t size, Writer writer) {
      zmq_msg_t message;
      require(zmq_msg_init_size(&message, size) == 0, "make a message");
      writer({static_cast<std::byte*>(zmq_msg_data(&message)), size});
      require(zmq_msg_send(&message, socket, 0) >= 0, "send");
    }
    template <class Reader>
    void read(std::size_t size, Reader reader) {
      zmq_msg_t message;
      zmq_msg_init(&message);
      require(zmq_msg_recv(&message, socket, 0) == static_cast<int>(size), "receive");
      reader({static_cast<const std::byte*>(zmq_msg_data(&message)), size});
      zmq_msg_close(&message);
    }
    void prepare(std::uint64_t) {}
    void finish() {}
  };
  Flight flight(std::size_t) const noexcept { return {socket_}; }

 private:
  using Address = std::array<char, 256>;

  static std::string fresh_address(Over over) {
    static std::uint64_t listeners = 0;  // an address may linger after its socket was closed
    if (over == Over::tcp) return "tcp://" + network_address(Side::leader) + ":*";
    return "ipc://@psyne-bench-zeromq-" + std::to_string(::getpid()) + "-" + std::to_string(++listeners);
  }

  void* context_;
  void* socket_ = nullptr;
  std::span<std::byte> posted_;
};

}  // namespace
}  // namespace psyne::bench

int main(int argc, char** argv) {
  using namespace psyne::bench;
  return run_pair(argc, argv, [](const Options& options) -> Measure {
    return [over = options.over](const Cell& cell, Side side, Control& control) {
      ZeroMq peer(over, side, cell, control);
      return measure_peer(peer, cell, side, control);
    };
  });
}
