#pragma once

#include <psyne/core/stop/stop_state.hpp>
#include <psyne/core/stop/stop_token.hpp>
#include <psyne/core/stop/subscribers.hpp>

#include <type_traits>
#include <utility>

namespace psyne::inline v0 {

/// Runs a callable once when stop is requested, as long as it lives. Allocates nothing.
///
/// The callable runs on the thread that requests the stop, without any lock of ours, and must not throw; at once, in
/// the constructor, when stop was requested before. The destructor waits while it runs on another thread, so what it
/// refers to may go afterwards; from within the callable the destructor does not wait.
/// A deadline alone calls nobody: a timer's owner does, by StopSource::expire().
template <class Callable, class Atomics = StandardAtomics>
class StopCallback : private EventSubscriber {
  static_assert(std::is_nothrow_destructible_v<Callable> && std::is_invocable_v<Callable&>);

 public:
  template <class Made>
    requires std::is_constructible_v<Callable, Made>
  StopCallback(BasicStopToken<Atomics> token, Made&& callable)
      : EventSubscriber(&run), callable_(std::forward<Made>(callable)), token_(std::move(token)) {
    if (!token_.stop_possible()) return;
    subscribed_ = token_.state()->subscribe(*this);
    if (!subscribed_) callable_();
  }
  ~StopCallback() {
    if (subscribed_) token_.state()->unsubscribe(*this);
  }
  StopCallback(const StopCallback&) = delete;
  StopCallback& operator=(const StopCallback&) = delete;

 private:
  static void run(EventSubscriber& self) noexcept { static_cast<StopCallback&>(self).callable_(); }

  Callable callable_;
  BasicStopToken<Atomics> token_;
  bool subscribed_ = false;
};

template <class Callable, class Atomics>
StopCallback(BasicStopToken<Atomics>, Callable) -> StopCallback<Callable, Atomics>;

}  // namespace psyne::inline v0
