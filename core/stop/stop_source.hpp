#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/stop/stop_state.hpp>
#include <psyne/core/stop/stop_token.hpp>

#include <string>
#include <utility>

namespace psyne::inline v0 {

/// The side that asks for the end: makes tokens and stops what holds them, once.
///
/// A source may be the child of a token: it stops with reason `parent` when the parent does, and stops nobody above.
/// It may have a deadline, after which its tokens say that stop is requested, with reason `deadline`. Copies are the
/// same source; when all are gone without a request, its tokens stop by the parent or the deadline only.
/// One allocation. Thread safety: as a value; copies may be used from any threads.
template <class Atomics = StandardAtomics>
class BasicStopSource {
 public:
  BasicStopSource() : BasicStopSource(no_deadline) {}
  explicit BasicStopSource(Deadline deadline) : BasicStopSource(BasicStopToken<Atomics>(), deadline) {}
  explicit BasicStopSource(const BasicStopToken<Atomics>& parent, Deadline deadline = no_deadline)
      : token_(BasicStopToken<Atomics>::adopt(new State(parent.state(), deadline))) {}

  /// Tells all tokens, calls all StopCallbacks of this source and of its children on this thread, and returns when they
  /// have run. True for the first request, whose reason and text stay. `text` is for people: "rank 3 failed".
  bool request_stop(StopReason reason = StopReason::user, std::string text = {}) const {
    const BasicStopToken<Atomics> kept = token_;  // a callback may destroy this source
    return kept.state()->request_stop(reason, std::move(text));
  }

  /// For whoever runs timers: calls the StopCallbacks if the deadline has passed, and says whether stop is requested.
  bool expire() const noexcept {
    const BasicStopToken<Atomics> kept = token_;
    return kept.state()->expire();
  }

  bool stop_requested() const noexcept { return token_.stop_requested(); }
  const BasicStopToken<Atomics>& token() const noexcept { return token_; }

 private:
  struct State final : StopState<Atomics> {
    using StopState<Atomics>::StopState;
  };

  BasicStopToken<Atomics> token_;
};

using StopSource = BasicStopSource<>;

}  // namespace psyne::inline v0
