#pragma once

#include <psyne/core/channel/asynchronous/subscription_state.hpp>
#include <psyne/core/completion/completion.hpp>

#include <utility>

namespace psyne::inline v0 {

/// Messages are handed to a callback for as long as this lives: what Receiver::on_message gives.
///
/// Thread safety: as a value; stop() and ended() from any thread.
class [[nodiscard]] Subscription {
 public:
  /// Takes over one reference.
  explicit Subscription(SubscriptionState* state) noexcept : state_(state) {}
  Subscription(Subscription&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  Subscription& operator=(Subscription&& other) noexcept {
    Subscription gone(std::move(*this));
    state_ = std::exchange(other.state_, nullptr);
    return *this;
  }
  ~Subscription() {
    if (state_ == nullptr) return;
    state_->stop();
    state_->release();
  }

  /// No callback is begun any more, and when this returns none is running; from within the callback it returns at once,
  /// and that call is the last. What was not handed over yet stays in the receiver, which may receive otherwise again.
  void stop() noexcept {
    if (state_ != nullptr) state_->stop();
  }

  /// The end, as a completion: with a value when all senders have closed and everything was handed over; else with the
  /// error (stopped: stop() was called, or the receiver went) or with what the callback threw.
  Completion<void> ended() const noexcept {
    if (state_ != nullptr) state_->retain();
    return Completion<void>(state_);
  }

 private:
  SubscriptionState* state_;
};

}  // namespace psyne::inline v0
