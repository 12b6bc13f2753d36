#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/stop/stop_token.hpp>

#include <chrono>
#include <utility>

namespace psyne::inline v0 {

/// How long a call may wait: a duration, a deadline, a stop token, or a token beside one of the two. Nothing: as long
/// as it takes.
struct Wait {
  Wait() noexcept = default;
  template <class Rep, class Period>
  Wait(std::chrono::duration<Rep, Period> at_most) noexcept  // NOLINT(google-explicit-constructor): receive(100ms)
      : deadline(after(clamped(at_most))) {}
  Wait(Deadline until) noexcept : deadline(until) {}          // NOLINT(google-explicit-constructor)
  Wait(StopToken token) noexcept : stop(std::move(token)) {}  // NOLINT(google-explicit-constructor)
  template <class Time>
  Wait(Time time, StopToken token) noexcept : Wait(time) {
    stop = std::move(token);
  }

  Deadline deadline = no_deadline;
  StopToken stop;

 private:
  // hours::max() has more nanoseconds than their type can count.
  template <class Rep, class Period>
  static constexpr Clock::duration clamped(std::chrono::duration<Rep, Period> duration) noexcept {
    using Seconds = std::chrono::duration<long double>;
    if (!(Seconds(duration) < Seconds(Clock::duration::max()))) return Clock::duration::max();
    if (Seconds(duration) < Seconds::zero()) return Clock::duration::zero();
    return std::chrono::duration_cast<Clock::duration>(duration);
  }
  static Deadline after(Clock::duration duration) noexcept {
    const Deadline now = Clock::now();
    return duration > no_deadline - now ? no_deadline : now + duration;
  }
};

}  // namespace psyne::inline v0
