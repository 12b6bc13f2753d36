// nng: a pair of sockets over ipc or TCP, anew for each measurement. It always sleeps until a message is there.
#include "pair/network.hpp"
#include "pair/session.hpp"
#include "pair/works.hpp"

#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

namespace psyne::bench {
namespace {

void require(int status, const char* what) {
  if (status != 0) throw std::runtime_error(std::string("nng: ") + what + ": " + nng_strerror(status));
}

class Nng {
 public:
  Nng(Over over, Side side, const Cell& cell, Control& control) {
    require(nng_pair0_open(&socket_), "make a socket");
    const int in_flight = cell.size <= 4096 ? 1000 : 16;
    require(nng_socket_set_int(socket_, NNG_OPT_SENDBUF, in_flight), "set the send buffer");
    require(nng_socket_set_int(socket_, NNG_OPT_RECVBUF, in_flight), "set the receive buffer");
    require(nng_socket_set_size(socket_, NNG_OPT_RECVMAXSZ, 0), "set the largest message");
    if (side == Side::leader) {
      control.send(over == Over::tcp ? listen_on_port() : listen_on_name());
      control.receive();
    } else {
      require(nng_dial(socket_, address(over, control.receive()).c_str(), nullptr, 0), "dial");
      control.send(0);
    }
  }
  Nng(const Nng&) = delete;
  Nng& operator=(const Nng&) = delete;
  ~Nng() { nng_close(socket_); }

  void send(std::span<const std::byte> message) { start_send(0, message); }
  void receive(std::span<std::byte> message) {
    std::size_t size = message.size();
    require(nng_recv(socket_, message.data(), &size, 0), "receive");
  }

  /// It copies at once, so that one user's buffer will do: what is in flight is in its queues.
  std::size_t window(const Cell&) const noexcept { return 1; }
  void start_send(std::size_t, std::span<const std::byte> message) {
    require(nng_send(socket_, const_cast<std::byte*>(message.data()), message.size(), 0), "send");
  }
  void finish_send(std::size_t) {}
  void start_receive(std::size_t, std::span<std::byte> message) { posted_ = message; }
  void finish_receive(std::size_t) { receive(posted_); }

  /// Messages that the library owns are written and read where they lie.
  struct Flight {
    nng_socket socket;

    template <class Writer>
    void write(std::size_t size, Writer writer) {
      nng_msg* message = nullptr;
      require(nng_msg_alloc(&message, size), "make a message");
      writer({static_cast<std::byte*>(nng_msg_body(message)), size});
      require(nng_sendmsg(socket, message, 0), "send");
    }
    template <class Reader>
    void read(std::size_t, Reader reader) {
      nng_msg* message = nullptr;
      require(nng_recvmsg(socket, &message, 0), "receive");
      reader({static_cast<const std::byte*>(nng_msg_body(message)), nng_msg_len(message)});
      nng_msg_free(message);
    }
    void prepare(std::uint64_t) {}
    void finish() {}
  };
  Flight flight(std::size_t) const noexcept { return {socket_}; }

 private:
  static std::string address(Over over, std::uint64_t number) {
    const std::string tcp = "tcp://" + network_address(Side::leader) + ":";
    return (over == Over::tcp ? tcp : "abstract://psyne-bench-nng-") + std::to_string(number);
  }

  std::uint64_t listen_on_name() {
    static std::uint64_t listeners = 0;  // nng gives an address back some time after its socket was closed
    const std::uint64_t number = static_cast<std::uint64_t>(::getpid()) << 16 | ++listeners;
    require(nng_listen(socket_, address(Over::ipc, number).c_str(), nullptr, 0), "listen");
    return number;
  }

  std::uint64_t listen_on_port() {
    nng_listener listener{};
    int port = 0;
    require(nng_listen(socket_, address(Over::tcp, 0).c_str(), &listener, 0), "listen");
    require(nng_listener_get_int(listener, NNG_OPT_TCP_BOUND_PORT, &port), "ask for the port");
    return static_cast<std::uint64_t>(port);
  }

  nng_socket socket_{};
  std::span<std::byte> posted_;
};

}  // namespace
}  // namespace psyne::bench

int main(int argc, char** argv) {
  using namespace psyne::bench;
  return run_pair(argc, argv, [](const Options& options) -> Measure {
    return [over = options.over](const Cell& cell, Side side, Control& control) {
      Nng peer(over, side, cell, control);
      return measure_peer(peer, cell, side, control);
    };
  });
}
