#pragma once

#include <psyne/core/service/service.hpp>
#include <psyne/core/transport/bell.hpp>

#include <functional>
#include <memory>

namespace psyne::inline v0 {

/// A bell that the service thread answers: for what cannot wait until an end's own thread calls again (see
/// Link::attach_service_bell).
class ServiceBell final : private Service::Watcher {
 public:
  /// `answer` runs on the service thread after every ring, once for several; it must not block. Errors: exhausted.
  static Result<std::unique_ptr<ServiceBell>> make(std::function<void()> answer);
  /// No answer is under way when it returns; so no lock that one takes may be held. No link rings it any more.
  ~ServiceBell() override;

  /// To be rung, not slept on. Any thread.
  Bell& bell() noexcept { return *bell_; }

 private:
  ServiceBell(Service& service, std::unique_ptr<Bell> bell, std::function<void()> answer);
  void ready(int descriptor, std::uint32_t events) noexcept override;

  Service& service_;
  std::unique_ptr<Bell> bell_;
  std::function<void()> answer_;
};

}  // namespace psyne::inline v0
