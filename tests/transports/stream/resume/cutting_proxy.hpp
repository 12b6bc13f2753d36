#pragma once

#include <psyne/core/transport/descriptor.hpp>

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

namespace resume_test {

using psyne::Descriptor;

/// Where somebody listens: a port of loopback, or a path.
struct Place {
  std::uint16_t port = 0;
  std::string path = {};

  Descriptor open() const {
    return Descriptor(::socket(path.empty() ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  }
  template <class Call>
  int with(Call call) const {
    if (path.empty()) {
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_port = htons(port);
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      return call(reinterpret_cast<const sockaddr*>(&address), sizeof address);
    }
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    return call(reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }
};

/// How the connections through a proxy break.
enum class Cut : std::uint8_t {
  hang_up,  ///< both sides see an end
  reset,    ///< both sides see a reset
  caller,   ///< only who connected sees it: the other end is left with a connection on which nothing comes any more
};

/// What came from one side and is to be handed on.
struct Way {
  std::vector<std::byte> bytes;
  std::size_t sent = 0;
  bool ended = false;
};
/// One that goes through a proxy.
struct Connection {
  std::array<Descriptor, 2> ends;  // who connected, who listens
  std::array<Way, 2> ways;         // from each
  std::uint64_t left = 0;
  Cut how = Cut::hang_up;
};

/// Hands on what comes between who connects to it and who listens behind it, byte by byte, and cuts.
class CuttingProxy {
 public:
  /// `life()` says after how many bytes the next connection is cut, and how.
  using Life = std::function<std::pair<std::uint64_t, Cut>()>;
  static constexpr std::uint64_t for_ever = ~std::uint64_t{0};

  CuttingProxy(const Place& here, Place there, Life life)
      : there_(std::move(there)), life_(std::move(life)), listener_(here.open()) {
    const int yes = 1;
    setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (here.with([&](const sockaddr* address, socklen_t size) { return bind(listener_.get(), address, size); }) != 0 ||
        listen(listener_.get(), 8) != 0) {
      throw std::runtime_error("the proxy cannot listen");
    }
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }

  /// Cuts what there is now.
  void cut() { cut_now_ = true; }
  /// Whether who comes is let through; who is not finds his connection ended.
  void open(bool whether) { open_ = whether; }
  int cuts() const { return cuts_; }
  /// Whether what comes goes nowhere: until the connection is cut.
  void swallow() { swallows_ = true; }
  /// From now on no more than so many bytes come through from who connected.
  void allow(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    allowed_ = bytes;
  }
  /// Whether all of these came, and were read by who listens. Of sockets with a path: of others the kernel tells only
  /// that it has them.
  bool all_read() const {
    const std::lock_guard lock(mutex_);
    int unread = 0;
    return now_ && allowed_ == 0 && now_->ways[0].bytes.empty() && ioctl(now_->ends[1].get(), SIOCOUTQ, &unread) == 0 &&
           unread == 0;
  }

 private:
  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      if (cut_now_.exchange(false) && now_) {
        const std::lock_guard lock(mutex_);
        cut_connection();
      }
      std::vector<pollfd> polled{{.fd = listener_.get(), .events = POLLIN, .revents = 0}};
      if (now_) {
        for (std::size_t side : {0U, 1U}) {
          short events = 0;
          if (takes_from(side)) events |= POLLIN;
          if (!now_->ways[1 - side].bytes.empty()) events |= POLLOUT;
          polled.push_back({.fd = now_->ends[side].get(), .events = events, .revents = 0});
        }
      }
      static_cast<void>(poll(polled.data(), polled.size(), 2));
      const std::lock_guard lock(mutex_);
      if (polled[0].revents != 0) let_in();
      if (now_ && !move()) cut_connection();
    }
  }

  void let_in() {
    Descriptor caller(accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!caller || !open_) return;
    Descriptor called = there_.open();
    const int outcome =
        there_.with([&](const sockaddr* address, socklen_t size) { return ::connect(called.get(), address, size); });
    if (outcome != 0 && errno != EINPROGRESS) return;
    if (now_) left_.push_back(std::move(now_->ends[1]));
    const int yes = 1;
    for (const Descriptor* end : {&caller, &called}) setsockopt(end->get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    now_.emplace();
    now_->ends = {std::move(caller), std::move(called)};
    std::tie(now_->left, now_->how) = life_();
  }

  bool takes_from(std::size_t side) const {
    const Way& way = now_->ways[side];
    return way.bytes.empty() && !way.ended && (side == 1 || allowed_ > 0);
  }

  // False where it is to be cut.
  bool move() {
    bool goes_on = true;
    for (std::size_t side : {0U, 1U}) {
      Way& way = now_->ways[side];
      if (takes_from(side)) {
        const std::uint64_t most = std::min(now_->left, side == 0 ? allowed_.load() : for_ever);
        way.bytes.resize(std::min<std::uint64_t>(most, 64 << 10));
        const ssize_t got = recv(now_->ends[side].get(), way.bytes.data(), way.bytes.size(), 0);
        way.ended = got == 0 || (got < 0 && errno != EAGAIN && errno != ENOTCONN);
        way.bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        if (swallows_) way.bytes.clear();
        now_->left -= way.bytes.size();
        if (side == 0 && allowed_ != for_ever) allowed_ -= way.bytes.size();
      }
      if (!way.bytes.empty()) {
        const auto rest = std::span(way.bytes).subspan(way.sent);
        const ssize_t sent = send(now_->ends[1 - side].get(), rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent > 0) way.sent += static_cast<std::size_t>(sent);
        if (sent < 0 && errno != EAGAIN && errno != ENOTCONN) way.ended = true;
        if (way.sent == way.bytes.size() || way.ended) way.bytes.clear(), way.sent = 0;
      }
      if (way.ended && way.bytes.empty()) goes_on = false;
    }
    const bool all_handed_on = now_->ways[0].bytes.empty() && now_->ways[1].bytes.empty();
    return goes_on && !(now_->left == 0 && all_handed_on);
  }

  void cut_connection() {
    if (now_->how == Cut::reset) {
      const linger at_once{.l_onoff = 1, .l_linger = 0};
      for (Descriptor& end : now_->ends) setsockopt(end.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    if (now_->how == Cut::caller) left_.push_back(std::move(now_->ends[1]));
    now_.reset();
    swallows_ = false;
    ++cuts_;
  }

  const Place there_;
  const Life life_;
  Descriptor listener_;
  mutable std::mutex mutex_;  // what the thread does with a connection, and who asks about it
  std::optional<Connection> now_;
  std::atomic<std::uint64_t> allowed_{for_ever};
  std::vector<Descriptor> left_;  // half-open ones
  std::atomic<bool> cut_now_{false}, open_{true}, swallows_{false};
  std::atomic<int> cuts_{0};
  std::jthread thread_;
};

}  // namespace resume_test
