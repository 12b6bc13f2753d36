#pragma once

#include <psyne/core/service/deadline_callback.hpp>
#include <psyne/core/stop/stop_callback.hpp>
#include <psyne/core/stop/stop_token.hpp>
#include <psyne/core/stop/wait_or_stop.hpp>
#include <psyne/core/task/resume_gate.hpp>

#include <optional>
#include <utility>

namespace psyne::inline v0 {

/// What ends an operation early, whoever waits for it: its deadline, and its stop token.
///
///   set      once, by who made the operation, before it lets go of its reference; nothing is watched before
///   clear    once, by who ended the operation, while holding no lock that limit_reached() takes
///
/// limit_reached() comes on the service thread or on the thread that stops the token; after clear() it does not come
/// any more. The two calls may come in either order and at once: the later one takes down what was set up.
class OperationLimit {
 public:
  OperationLimit() noexcept = default;
  OperationLimit(const OperationLimit&) = delete;
  OperationLimit& operator=(const OperationLimit&) = delete;

  void set(Service& service, Deadline deadline, StopToken stop) {
    stop_ = std::move(stop);
    const Deadline until = stop_.sooner(deadline);
    if (until != no_deadline) on_deadline_.emplace(service, until, Reached{this});
    if (stop_.stop_possible()) on_stop_.emplace(stop_, Reached{this});
    if (!both_.arm()) take_down();
  }

  void clear() noexcept {
    if (both_.trigger()) take_down();
  }

  /// The error with which `what` ends when the limit was reached: the stop's, or else timed_out.
  Error error(std::string what) const {
    if (stop_.stop_requested()) return stop_.error(std::move(what));
    return {Code::timed_out, std::move(what)};
  }

 protected:
  ~OperationLimit() = default;
  virtual void limit_reached() noexcept = 0;

 private:
  struct Reached {
    OperationLimit* own;
    void operator()() const noexcept { own->limit_reached(); }
  };

  void take_down() noexcept {
    on_stop_.reset();
    on_deadline_.reset();
  }

  StopToken stop_;
  std::optional<StopCallback<Reached>> on_stop_;
  std::optional<DeadlineCallback<Reached>> on_deadline_;
  ResumeGate<> both_;
};

}  // namespace psyne::inline v0
