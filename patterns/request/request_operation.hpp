#pragma once

#include <psyne/core/completion/completion.hpp>
#include <psyne/core/stop/subscribers.hpp>
#include <psyne/patterns/request/request.hpp>

#include <memory>
#include <string>
#include <thread>
#include <utility>

namespace psyne::inline v0 {

/// One asynchronous receive of a responder: what its Completion refers to. The channel's receive beneath does it all;
/// this makes a request of its message.
///
/// Nothing but its users refer to it, so that when they have gone the channel's receive goes too, and takes no query.
/// Its last reference may go while it is being told of the message: by another thread, which then waits for that; or
/// by a subscriber of its own, and then the teller destroys it.
template <class Query, class Reply>
class RequestOperation final : public ResultState<Request<Query, Reply>>, private EventSubscriber {
  using State = ResponderState<Query, Reply>;

 public:
  static Completion<Request<Query, Reply>> start(std::shared_ptr<State> state, const Wait& wait) {
    auto* operation = new RequestOperation(std::move(state), wait);
    Completion<Request<Query, Reply>> completion(operation);
    if (!operation->message_.state()->subscribe(*operation)) operation->take_message();
    return completion;
  }

  std::string what() const override { return message_.state()->what(); }
  /// As a thread that waits for a message does: it looks at the lanes itself.
  WaitEnd wait(Deadline deadline, const StopToken& stop, const Patience& patience = {}) override {
    const WaitEnd end = message_.state()->wait(deadline, stop, patience);
    // Another thread may just be telling this operation.
    return end == WaitEnd::ready ? CompletionState<>::wait(no_deadline, {}, patience) : end;
  }

 private:
  RequestOperation(std::shared_ptr<State> state, const Wait& wait)
      : EventSubscriber([](EventSubscriber& self) noexcept { static_cast<RequestOperation&>(self).came(); }),
        elsewhere_(std::move(state)),
        message_(elsewhere_.state()->next_async(wait)) {}
  ~RequestOperation() override = default;

  void cancel_requested(StopReason reason, std::string text) override { message_.cancel(reason, std::move(text)); }

  void unreferenced() noexcept override {
    if (!message_.state()->unsubscribe(*this) && teller_ == std::this_thread::get_id()) {
      dropped_ = true;
    } else {
      delete this;
    }
  }

  void came() noexcept {
    teller_ = std::this_thread::get_id();
    take_message();
    teller_ = {};
    if (dropped_) delete this;
  }

  void take_message() noexcept {
    auto message = message_.state()->take();
    if (message) {
      this->complete(Request<Query, Reply>(elsewhere_.state(), std::move(message)));
    } else {
      this->complete(message.error());
    }
  }

  const AnsweringElsewhere<State> elsewhere_;
  const Completion<Received<typename State::Asked>> message_;
  std::thread::id teller_{};  // while it is told; of the teller, and of who knows that this has ended
  bool dropped_ = false;      // by a subscriber, while it is told
};

}  // namespace psyne::inline v0
