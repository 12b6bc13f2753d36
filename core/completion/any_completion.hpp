#pragma once

#include <psyne/core/channel/wait.hpp>
#include <psyne/core/completion/completion_state.hpp>
#include <psyne/core/result/result.hpp>

#include <string>
#include <utility>

namespace psyne::inline v0 {

/// A shared reference to an operation under way, whatever its result: what wait_any, wait_all and as_completed take, so
/// that one wait may be for receives, jobs and collectives alike.
///
/// Dropping it detaches: the operation goes on, and nobody hears of it through this reference.
/// Thread safety: as a value; copies of one reference may be used from any threads.
class AnyCompletion {
 public:
  using State = CompletionState<>;

  /// Of no operation: never finishes, and waiting for it is Code::invalid_state.
  AnyCompletion() noexcept = default;
  /// Takes over one reference to `state`.
  explicit AnyCompletion(State* state) noexcept : state_(state) {}

  AnyCompletion(const AnyCompletion& other) noexcept : state_(other.state_) {
    if (state_ != nullptr) state_->retain();
  }
  AnyCompletion(AnyCompletion&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  AnyCompletion& operator=(AnyCompletion other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~AnyCompletion() {
    if (state_ != nullptr) state_->release();
  }

  /// Whether it refers to an operation.
  explicit operator bool() const noexcept { return state_ != nullptr; }

  /// Whether the operation has finished, however it ended. Wait-free.
  bool test() const noexcept { return state_ != nullptr && state_->finished(); }

  CompletionStatus status() const noexcept { return state_ != nullptr ? state_->status() : CompletionStatus::pending; }

  /// Waits until it has finished, and says whether that is so, not how it ended. Errors, which name the operation:
  /// timed_out, stopped. The operation goes on in both cases.
  Result<void> wait(const Wait& how_long = {}) const;

  /// Asks for its end, by the stop token of whoever carries it out; false when it has finished. It does not wait: the
  /// operation may take a while to end, and may still complete.
  bool cancel(StopReason reason = StopReason::user, std::string text = {}) const {
    return state_ != nullptr && state_->cancel(reason, std::move(text));
  }

  /// Null when of no operation.
  State* state() const noexcept { return state_; }

 private:
  State* state_ = nullptr;
};

}  // namespace psyne::inline v0
