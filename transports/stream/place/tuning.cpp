#include <psyne/transports/stream/place/tuning.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

namespace psyne::inline v0::stream {

namespace {

void set(int socket, int level, int option, int value) noexcept {
  static_cast<void>(setsockopt(socket, level, option, &value, sizeof value));
}

}  // namespace

void tune(int socket, const ConnectionSettings& settings) noexcept {
  if (settings.send_buffer != 0) set(socket, SOL_SOCKET, SO_SNDBUF, static_cast<int>(settings.send_buffer));
  if (settings.receive_buffer != 0) set(socket, SOL_SOCKET, SO_RCVBUF, static_cast<int>(settings.receive_buffer));
  set(socket, IPPROTO_TCP, TCP_NODELAY, 1);  // fails where it is a unix socket, as do all below

  // Probes after a third of the time, then five more in what is left: 15 s are 5 s and then every 2 s.
  const auto patience = settings.unreachable_after;
  const int seconds = static_cast<int>(std::chrono::ceil<std::chrono::seconds>(patience).count());
  const int idle = std::max(1, seconds / 3);
  const int between = std::max(1, (seconds - idle) / 5);
  set(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(patience.count()));
  set(socket, IPPROTO_TCP, TCP_KEEPIDLE, idle);
  set(socket, IPPROTO_TCP, TCP_KEEPINTVL, between);
  set(socket, IPPROTO_TCP, TCP_KEEPCNT, std::max(1, (seconds - idle) / between));
  set(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
}

void do_not_pace(int socket) noexcept {
  std::array<char, 16> name{};  // TCP_CA_NAME_MAX
  socklen_t bytes = name.size();
  if (getsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, name.data(), &bytes) != 0) return;
  if (!std::string_view(name.data(), strnlen(name.data(), name.size())).starts_with("bbr")) return;
  static_cast<void>(setsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, "reno", 4));  // always there, and allowed to all
}

}  // namespace psyne::inline v0::stream
