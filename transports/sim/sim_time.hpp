#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/result/result.hpp>

#include <functional>
#include <memory>

namespace psyne::inline v0 {

/// A point in a simulation's time at which one wire is called. Both members by any thread, without blocking.
class SimAlarm {
 public:
  /// No call is under way when it returns, save one that it comes from.
  virtual ~SimAlarm() = default;
  virtual Deadline now() const noexcept = 0;
  /// Calls at `when`, or soon after, and at no other time any more; `no_deadline` is never.
  virtual void set(Deadline when) noexcept = 0;
};

/// Whose time a simulation runs in.
class SimTime {
 public:
  virtual ~SimTime() = default;
  /// Errors: exhausted.
  virtual Result<std::unique_ptr<SimAlarm>> make_alarm(std::function<void()> call) = 0;
};

/// The machine's clock; calls come on the service thread.
SimTime& real_time();

}  // namespace psyne::inline v0
