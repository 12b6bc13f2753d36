#pragma once

#include <psyne/core/executor/executor.hpp>
#include <psyne/core/stop/subscribers.hpp>

#include <utility>

namespace psyne::inline v0 {

/// One callback of one operation: waits for its end, then travels to the executor and runs there. Owns itself.
template <class Handle, class Callback>
class OnComplete final : private EventSubscriber, private Work {
 public:
  static void attach(Handle handle, Callback callback, Executor& executor) {
    auto* own = new OnComplete(std::move(handle), std::move(callback), executor);
    // From here on it may be gone: the operation may finish, and the callback run, on another thread.
    auto* state = own->handle_.state();
    EventSubscriber& subscriber = *own;
    if (!state->subscribe(subscriber)) post(subscriber);
  }

 private:
  OnComplete(Handle handle, Callback callback, Executor& executor)
      : EventSubscriber(&post),
        Work(&call),
        handle_(std::move(handle)),
        callback_(std::move(callback)),
        executor_(&executor) {}

  static void post(EventSubscriber& self) noexcept {
    auto& own = static_cast<OnComplete&>(self);
    own.executor_->post(own);
  }

  static void call(Work& self) noexcept {
    auto* own = static_cast<OnComplete*>(&self);
    Handle handle = std::move(own->handle_);
    Callback callback = std::move(own->callback_);
    delete own;  // first: the callback may take as long as it likes
    callback(std::move(handle));
  }

  Handle handle_;  // keeps the state until the callback has run
  Callback callback_;
  Executor* executor_;
};

}  // namespace psyne::inline v0
