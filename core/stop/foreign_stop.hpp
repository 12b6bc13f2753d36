#pragma once

#include <psyne/core/stop/stop_state.hpp>

#include <stop_token>
#include <utility>

namespace psyne::inline v0 {

/// A state that stops when a std::stop_token does.
template <class Atomics>
class ForeignStop : public StopState<Atomics> {
 public:
  explicit ForeignStop(std::stop_token foreign)
      : StopState<Atomics>(nullptr, no_deadline), forward_(std::move(foreign), Forward{this}) {}

 private:
  struct Forward {
    ForeignStop* own;
    // The last reference may be gone already: then the state is being destroyed and waits for this call to end.
    void operator()() const noexcept {
      ForeignStop* state = own;
      if (!state->try_retain()) return;
      state->request_stop(StopReason::user);
      state->release();  // may destroy the callback that this runs in, which std::stop_callback allows
    }
  };

  std::stop_callback<Forward> forward_;  // last: it may call at once
};

}  // namespace psyne::inline v0
