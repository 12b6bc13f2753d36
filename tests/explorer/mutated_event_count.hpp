#pragma once

#include <utility>

#include <explorer/atomics.hpp>

namespace psyne::explorer {

/// What an EventCount could get wrong.
enum class EventCountBug : std::uint8_t {
  none,
  late_ones_leave_signals,    ///< at the deadline it goes without looking for a signal
  cancelling_takes_a_signal,  ///< even where others wait for it
  cancelling_takes_none,      ///< even where nobody is left for it
  counts_all_who_wait,        ///< gives a signal to threads that have one already
  sleeps_with_signals,        ///< does not look for a signal before it sleeps
  woken_once_is_woken,        ///< takes a return from the kernel for a signal
};

/// EventCount once more, as small as it goes and with a bug at choice.
template <EventCountBug bug>
class MutatedEventCount {
  using Bug = EventCountBug;
  static constexpr std::uint32_t waiting_one = 1U << 16U;

 public:
  void prepare() {
    state_.fetch_add(waiting_one, std::memory_order_relaxed);
    ExplorerAtomics::heavy_barrier();
  }

  void cancel() {
    for (std::uint32_t state = state_.load(std::memory_order_relaxed);;) {
      bool take = waiting(state) == signals(state);
      if constexpr (bug == Bug::cancelling_takes_a_signal) take = signals(state) > 0;
      if constexpr (bug == Bug::cancelling_takes_none) take = false;
      if (replace(state, state - waiting_one - (take ? 1 : 0))) return;
    }
  }

  Sleep commit(Deadline deadline) {
    bool late = false, slept = false;
    for (;;) {
      std::uint32_t state = state_.load(std::memory_order_relaxed);
      const bool look = bug != Bug::sleeps_with_signals || slept;
      if (bug == Bug::woken_once_is_woken && slept && !late) {
        if (replace(state, state - waiting_one - 1)) return Sleep::woken;
      } else if (signals(state) != 0 && look && !(bug == Bug::late_ones_leave_signals && late)) {
        if (replace(state, state - waiting_one - 1)) return Sleep::woken;
      } else if (late) {
        if (replace(state, state - waiting_one)) return Sleep::timed_out;
      } else {
        late = ExplorerAtomics::wait(state_, state, Sharing::process, deadline) == Sleep::timed_out;
        slept = true;
      }
    }
  }

  void wake(std::uint32_t count = 1) {
    ExplorerAtomics::light_barrier();
    std::uint32_t state = state_.load(std::memory_order_relaxed);
    for (;;) {
      const std::uint32_t without = waiting(state) - (bug == Bug::counts_all_who_wait ? 0 : signals(state));
      if (static_cast<std::int32_t>(without) <= 0) return;
      const std::uint32_t given = std::min(count, without);
      if (replace(state, state + given)) return ExplorerAtomics::wake(state_, given, Sharing::process);
    }
  }

 private:
  static std::uint32_t signals(std::uint32_t state) { return state & 0xffffU; }
  static std::uint32_t waiting(std::uint32_t state) { return state >> 16U; }
  bool replace(std::uint32_t& seen, std::uint32_t next) {
    return state_.compare_exchange_weak(seen, next, std::memory_order_acq_rel, std::memory_order_relaxed);
  }

  ExplorerAtomics::Atomic<std::uint32_t> state_{0};
};

}  // namespace psyne::explorer
