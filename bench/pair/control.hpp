#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace psyne::bench {

/// Which of the two processes this is. The leader reads what to measure, sends first and prints.
enum class Side : std::uint8_t { leader, follower };
constexpr Side other(Side side) noexcept { return side == Side::leader ? Side::follower : Side::leader; }

/// Words between the two processes, outside of what is measured: a blocking stream socket.
class Control {
 public:
  /// Two ends, for the two sides of a fork.
  static std::pair<Control, Control> pair();
  /// For two processes that a launcher started: both give the same name, unique on this machine.
  static Control meet(Side side, const std::string& name);

  explicit Control(int socket) noexcept : socket_(socket) {}
  Control(Control&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}
  Control& operator=(Control&&) = delete;
  ~Control();

  void send(std::uint64_t word);
  /// Nothing when the other side has closed.
  std::optional<std::uint64_t> receive_or_end();
  /// Throws when the other side has closed.
  std::uint64_t receive();

  /// Whether something is there within that time.
  bool readable(std::chrono::milliseconds within);

  void send_bytes(const void* bytes, std::size_t size);
  void receive_bytes(void* bytes, std::size_t size);

 private:
  bool read_whole(void* bytes, std::size_t size);

  int socket_;
};

}  // namespace psyne::bench
