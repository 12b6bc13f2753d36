// A TCP socket as one writes it by hand: what psyne adds to it is seen beside it.
#include "messages/framed_socket.hpp"
#include "messages/tcp_connection.hpp"
#include "pair/session.hpp"
#include "pair/works.hpp"

#include <algorithm>
#include <array>

namespace psyne::bench {
namespace {

class RawSocket {
 public:
  RawSocket(const Cell& cell, Side side, Control& control)
      : connection_(side, control),
        messages_(connection_.socket(), cell.blocks() ? Waiting::blocking : Waiting::spinning) {}

  void send(std::span<const std::byte> message) { messages_.send(message); }
  void receive(std::span<std::byte> message) { messages_.receive(message); }

  /// A window leaves in one system call: 16 messages of 64 KiB together stream at 6.2 GB/s, one by one at 3.1.
  std::size_t window(const Cell& cell) const noexcept {
    return std::clamp<std::size_t>(batch_bytes / cell.size, 1, most_in_batch);
  }

  void start_send(std::size_t, std::span<const std::byte> message) { messages_.gather(message); }
  void finish_send(std::size_t slot) {
    if (slot == 0) messages_.flush();
  }
  void start_receive(std::size_t slot, std::span<std::byte> message) { posted_[slot] = message; }
  void finish_receive(std::size_t slot) { receive(posted_[slot]); }

 private:
  static constexpr std::size_t batch_bytes = 1 << 20;
  static constexpr std::size_t most_in_batch = 256;

  TcpConnection connection_;
  FramedSocket messages_;
  std::array<std::span<std::byte>, most_in_batch> posted_;
};

std::optional<double> measure(const Cell& cell, Side side, Control& control) {
  RawSocket peer(cell, side, control);
  return measure_peer(peer, cell, side, control);
}

}  // namespace
}  // namespace psyne::bench

int main(int argc, char** argv) {
  using namespace psyne::bench;
  return run_pair(argc, argv, [](const Options&) -> Measure { return measure; });
}
