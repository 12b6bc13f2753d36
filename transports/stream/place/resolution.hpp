#pragma once

#include <psyne/core/result/result.hpp>
#include <psyne/core/uri/endpoint.hpp>
#include <psyne/transports/stream/place/socket_address.hpp>

#include <functional>
#include <memory>
#include <vector>

namespace psyne::inline v0::stream {

/// The addresses of a host, by the system's own resolver: files, DNS, whatever is configured. It blocks for as long as
/// it likes, so it runs on a thread of its own that ends with it; the outcome comes on the service thread, unless this
/// has gone by then. Made and ended on the service thread.
class Resolution {
 public:
  using Addresses = Result<std::vector<SocketAddress>>;

  /// An address that is written in numbers, at once. Errors: not_found, where it is a name.
  static Addresses of_numbers(const Endpoint& endpoint);

  /// Calls `done` once. Errors: exhausted.
  static Result<std::unique_ptr<Resolution>> start(const Endpoint& endpoint, std::function<void(Addresses)> done);
  ~Resolution();
  Resolution(const Resolution&) = delete;
  Resolution& operator=(const Resolution&) = delete;

 private:
  /// The service thread's; the thread that asks only keeps it.
  struct Question {
    std::function<void(Addresses)> done;
    bool dropped = false;
  };
  explicit Resolution(std::shared_ptr<Question> question) : question_(std::move(question)) {}

  std::shared_ptr<Question> question_;
};

}  // namespace psyne::inline v0::stream
