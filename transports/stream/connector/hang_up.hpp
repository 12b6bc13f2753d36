#pragma once

#include <psyne/core/service/life_line.hpp>
#include <psyne/core/service/service.hpp>

#include <cstdint>
#include <functional>
#include <memory>

namespace psyne::inline v0::stream {

/// Tells that a connection has ended, be it by the peer, by its death, or by this end, while somebody else owns and
/// watches its socket: an epoll set of its own, with the socket in it, is what the service thread watches. Costs
/// nothing until then. A socket that is closed without being shut down before takes itself out, unseen. Service thread
/// only.
class HangUp final : private Service::Watcher {
 public:
  /// Errors: exhausted.
  static Result<std::unique_ptr<HangUp>> make(std::function<void(std::uint64_t connection)> ended);
  ~HangUp() override { line_.unwatch(); }

  /// Calls `ended` once, with the number of the connection, when this one ends. Errors: exhausted.
  Result<void> watch(int socket, std::uint64_t connection);

 private:
  HangUp(Descriptor epoll, std::function<void(std::uint64_t)> ended)
      : line_(std::move(epoll)), ended_(std::move(ended)) {}
  void ready(int descriptor, std::uint32_t events) noexcept override;

  LifeLine line_;
  std::function<void(std::uint64_t)> ended_;
};

}  // namespace psyne::inline v0::stream
