#pragma once

#include <psyne/core/park/event_count.hpp>
#include <psyne/core/park/parker.hpp>
#include <psyne/core/stop/stop_callback.hpp>
#include <psyne/core/stop/stop_token.hpp>

#include <cstdint>

namespace psyne::inline v0 {

/// How a wait ended. When several are true at once, the first counts.
enum class WaitEnd : std::uint8_t { ready, stopped, timed_out };

/// Whether a wait with these limits has to end, ready or not.
template <class Atomics>
bool wait_is_over(Deadline deadline, const BasicStopToken<Atomics>& stop) noexcept {
  return stop.stop_requested() || (deadline != no_deadline && Atomics::now() >= deadline);
}

/// Runs `doze(look, until, patience)` until `ready()`, a stop or the deadline; `wake()` must end such a sleep from any
/// thread. Looks for as long as `patience` says before it tells the token that somebody sleeps.
template <class Atomics, class Ready, class Doze, class Wake>
WaitEnd wait_or_stop(Ready&& ready, Deadline deadline, const BasicStopToken<Atomics>& stop, const Patience& patience,
                     Doze&& doze, Wake&& wake) {
  bool is_ready = ready();
  const auto look = [&] {
    is_ready = is_ready || ready();
    return is_ready || stop.announced();
  };
  if (!is_ready && !stop.stop_requested()) {
    const Deadline until = stop.sooner(deadline);
    if (!stop.stop_possible()) {
      doze(look, until, patience);
    } else if ((until == no_deadline || Atomics::now() < until) && !look_patiently<Atomics>(look, until, patience)) {
      const StopCallback<Wake&, Atomics> end_the_sleep(stop, wake);
      doze(look, until, no_patience);
    }
  }
  if (is_ready) return WaitEnd::ready;
  return stop.stop_requested() ? WaitEnd::stopped : WaitEnd::timed_out;
}

/// Parker::wait that also ends when `stop` is requested, and so at the token's deadline.
template <class Atomics, class Ready>
WaitEnd wait_or_stop(Parker<Atomics>& parker, Ready&& ready, Deadline deadline, const BasicStopToken<Atomics>& stop,
                     const Patience& patience = {}) {
  return wait_or_stop<Atomics>(
      ready, deadline, stop, patience,
      [&](auto& look, Deadline until, const Patience& looks) { parker.wait(look, until, looks); },
      [&] { parker.wake(); });
}

/// EventCount::await that also ends when `stop` is requested, and so at the token's deadline. Wakes all others then.
template <class Atomics, class Ready>
WaitEnd wait_or_stop(EventCount<Atomics>& events, Ready&& ready, Deadline deadline, const BasicStopToken<Atomics>& stop,
                     const Patience& patience = {}) {
  return wait_or_stop<Atomics>(
      ready, deadline, stop, patience,
      [&](auto& look, Deadline until, const Patience& looks) { events.await(look, until, looks); },
      [&] { events.wake_all(); });
}

}  // namespace psyne::inline v0
