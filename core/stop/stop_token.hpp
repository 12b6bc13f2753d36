#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/result/error.hpp>
#include <psyne/core/stop/foreign_stop.hpp>
#include <psyne/core/stop/stop_reason.hpp>
#include <psyne/core/stop/stop_state.hpp>

#include <algorithm>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

namespace psyne::inline v0 {

/// Asks of a StopSource whether to stop. Every wait of psyne takes one and ends when stop is requested.
///
/// An empty token never stops and costs nothing. A std::stop_token converts to one; the two then stop together.
/// Thread safety: as a value; all tokens of one source may be used from any threads. Every member is wait-free.
template <class Atomics = StandardAtomics>
class BasicStopToken {
 public:
  BasicStopToken() noexcept = default;
  /// Stops with reason `user` when `foreign` does. One allocation, none when `foreign` can never stop.
  BasicStopToken(std::stop_token foreign)  // NOLINT(google-explicit-constructor): any wait takes either kind
      : state_(foreign.stop_possible() ? new ForeignStop<Atomics>(std::move(foreign)) : nullptr) {}

  BasicStopToken(const BasicStopToken& other) noexcept : state_(other.state_) {
    if (state_ != nullptr) state_->retain();
  }
  BasicStopToken(BasicStopToken&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  BasicStopToken& operator=(BasicStopToken other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~BasicStopToken() {
    if (state_ != nullptr) state_->release();
  }

  /// Whether work is to end. True from the source's deadline on, with no timer needed; reads the clock where there is
  /// a deadline.
  bool stop_requested() const noexcept { return state_ != nullptr && state_->stop_requested(); }

  /// The same without the clock: for loops that already look at the time and end at `sooner(their deadline)`.
  bool announced() const noexcept { return state_ != nullptr && state_->announced(); }

  /// False for an empty token.
  bool stop_possible() const noexcept { return state_ != nullptr; }

  /// When it stops by itself at the latest; `no_deadline` if it does not.
  Deadline deadline() const noexcept { return state_ != nullptr ? state_->deadline() : no_deadline; }

  /// Until when a wait with `deadline` of its own may sleep.
  Deadline sooner(Deadline deadline) const noexcept { return std::min(deadline, this->deadline()); }

  /// Why it stopped; nothing while it has not.
  std::optional<StopReason> reason() const noexcept {
    if (!stop_requested()) return std::nullopt;
    return state_->cause()->reason;
  }

  /// The words given with the request, or with a parent's; often empty. Valid as long as this token.
  std::string_view text() const noexcept { return stop_requested() ? state_->cause()->text : std::string_view(); }

  /// The error with which to end `what` ("cannot receive from ipc://ticks"). Only after stop was requested.
  Error error(std::string what = {}) const { return stop_error(*reason(), text(), std::move(what)); }

  /// Equal when of the same source, or both empty.
  friend bool operator==(const BasicStopToken& left, const BasicStopToken& right) noexcept = default;

  /// Takes over one reference to `state`; for sources and for states embedded elsewhere.
  static BasicStopToken adopt(StopState<Atomics>* state) noexcept {
    BasicStopToken token;
    token.state_ = state;
    return token;
  }

  /// Null for an empty token.
  StopState<Atomics>* state() const noexcept { return state_; }

 private:
  StopState<Atomics>* state_ = nullptr;
};

using StopToken = BasicStopToken<>;

}  // namespace psyne::inline v0
