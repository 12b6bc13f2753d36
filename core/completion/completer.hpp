#pragma once

#include <psyne/core/completion/completion.hpp>
#include <psyne/core/completion/operation_error.hpp>
#include <psyne/core/service/stop_at_deadline.hpp>
#include <psyne/core/stop/stop_source.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace psyne::inline v0 {

/// How an operation is known, and what ends it beside its own completion.
struct OperationOptions {
  std::string what = "cannot wait for an operation";  ///< begins its errors: "cannot receive from ipc://ticks"
  StopToken stop = {};                                ///< when it stops, so does the operation's own token
  Deadline deadline = no_deadline;  ///< the operation's own token stops then: a timer of the service thread
};

/// The producer's side of one operation: completes it once, and is told by a stop token when nobody wants the result.
///
/// One that goes without having completed its operation ends it with Code::cancelled, so no waiter waits for ever.
/// Two allocations, three with a deadline. Thread safety: as a value; stop tokens and completions taken from it are
/// used from any threads.
template <class T>
class Completer {
 public:
  explicit Completer(OperationOptions options = {}) : state_(new Operation(std::move(options))) {
    const Deadline deadline = state_->source.token().deadline();
    if (deadline == no_deadline) return;
    if (auto service = Service::with_callbacks()) {
      state_->at_deadline.emplace(**service, state_->source);
    } else {
      state_->complete(service.error());
    }
  }
  Completer(Completer&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  Completer& operator=(Completer&& other) noexcept {
    if (this != &other) {
      abandon();
      state_ = std::exchange(other.state_, nullptr);
    }
    return *this;
  }
  ~Completer() { abandon(); }

  /// A reference for who waits.
  Completion<T> completion() const noexcept {
    state_->retain();
    return Completion<T>(state_);
  }

  /// Stops when the operation is cancelled, when the token of its options stops, and at its deadline. Poll it, or give
  /// it a StopCallback and drop that before completing.
  const StopToken& stop_token() const noexcept { return state_->source.token(); }

  /// Ends the operation: a value completes it, an error fails it (Code::cancelled and Code::stopped cancel it). Waiters
  /// wake, callbacks are posted. False when it had ended before. Any thread, but not while this moves or goes.
  bool complete(typename ResultState<T>::Outcome result) noexcept { return state_->complete(std::move(result)); }

  /// Ends the operation with what user code threw.
  bool fail(std::exception_ptr exception) noexcept { return state_->fail(std::move(exception)); }

 private:
  struct Operation final : ResultState<T> {
    explicit Operation(OperationOptions options)
        : source(options.stop, options.deadline), words(std::move(options.what)) {}
    std::string what() const override { return words; }
    void cancel_requested(StopReason reason, std::string text) override {
      source.request_stop(reason, std::move(text));
    }

    StopSource source;
    std::string words;
    std::optional<StopAtDeadline> at_deadline;
  };

  void abandon() noexcept {
    if (state_ == nullptr) return;
    if (!state_->finished()) state_->complete(abandoned_error(state_->words));
    state_->release();
  }

  Operation* state_;
};

}  // namespace psyne::inline v0
