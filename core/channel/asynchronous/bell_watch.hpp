#pragma once

#include <psyne/core/result/result.hpp>
#include <psyne/core/service/service.hpp>
#include <psyne/core/transport/bell.hpp>

namespace psyne::inline v0 {

/// Lets the service thread sleep on an end's bell when no thread of the program does.
///
///   watch, rest, unwatch   one thread at a time
///   rung                   the service thread; once for each rest(), soon after something is pending on the bell
///
/// A rung watch rests by itself until it is asked for again, so that a bell that nobody drains costs one wake.
class BellWatch : private Service::Watcher {
 public:
  BellWatch(Service& service, const Bell& bell) noexcept : service_(&service), descriptor_(bell.descriptor()) {}
  BellWatch(const BellWatch&) = delete;
  BellWatch& operator=(const BellWatch&) = delete;
  ~BellWatch() override = default;

  /// Calls rung() once when something is, or comes to be, pending. One system call. Errors: exhausted.
  Result<void> watch() noexcept;
  /// Asks no more to be rung, which may be under way.
  void rest() noexcept;
  /// The end; call it before the bell, or this, goes. When it returns, rung() is not under way, unless this is called
  /// from within it. Hold nothing that rung() waits for.
  void unwatch() noexcept;

  Service& service() const noexcept { return *service_; }

 protected:
  virtual void rung() noexcept = 0;

 private:
  void ready(int descriptor, std::uint32_t events) noexcept override;

  Service* const service_;
  const int descriptor_;
  bool known_ = false;  // to the service thread
};

}  // namespace psyne::inline v0
