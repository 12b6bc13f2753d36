// ZeroMQ: a PAIR of sockets over ipc, anew for each measurement.
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
  ZeroMq(Side side, const Cell& cell, Control& control) : context_(zmq_ctx_new()) {
    socket_ = zmq_socket(context_, ZMQ_PAIR);
    require(socket_ != nullptr, "make a socket");
    const int in_flight = static_cast<int>(window(cell));
    zmq_setsockopt(socket_, ZMQ_SNDHWM, &in_flight, sizeof in_flight);
    zmq_setsockopt(socket_, ZMQ_RCVHWM, &in_flight, sizeof in_flight);
    const int linger = 0;
    zmq_setsockopt(socket_, ZMQ_LINGER, &linger, sizeof linger);
    if (side == Side::leader) {
      static std::uint64_t listeners = 0;  // an address may linger after its socket was closed
      const std::uint64_t number = static_cast<std::uint64_t>(::getpid()) << 16 | ++listeners;
      require(zmq_bind(socket_, address(number).c_str()) == 0, "bind");
      control.send(number);
      control.receive();
    } else {
      require(zmq_connect(socket_, address(control.receive()).c_str()) == 0, "connect");
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

  std::size_t window(const Cell& cell) const noexcept { return cell.size <= 4096 ? 1000 : 16; }
  void start_send(std::size_t, std::span<const std::byte> message) {
    require(zmq_send(socket_, message.data(), message.size(), 0) >= 0, "send");
  }
  void finish_send(std::size_t) {}
  void start_receive(std::size_t slot, std::span<std::byte> message) { posted_[slot] = message; }
  void finish_receive(std::size_t slot) { receive(posted_[slot]); }

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
  static std::string address(std::uint64_t number) { return "ipc://@psyne-bench-zeromq-" + std::to_string(number); }

  void* context_;
  void* socket_ = nullptr;
  std::array<std::span<std::byte>, 1000> posted_;
};

}  // namespace
}  // namespace psyne::bench

int main(int argc, char** argv) {
  using namespace psyne::bench;
  return run_pair(argc, argv, [](Side, Control&) -> Measure {
    return [](const Cell& cell, Side side, Control& control) {
      ZeroMq peer(side, cell, control);
      return measure_peer(peer, cell, side, control);
    };
  });
}
