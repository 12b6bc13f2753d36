#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/stop/stop_reason.hpp>
#include <psyne/core/stop/subscribers.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

namespace psyne::inline v0 {

/// What a StopSource, its tokens and its children share: whether to stop, why, and who wants to be told.
///
///   stop_requested, announced, cause, deadline     any thread     wait-free
///   subscribe, unsubscribe                         any thread     as Subscribers add and remove
///   request_stop, expire                           any thread     calls the subscribers, of all children too
///   retain, try_retain, release                    any thread     lock-free; the last release destroys
///
/// The first cause wins and stays. A child keeps its parent alive, never the other way round: it stands in the parent's
/// list of subscribers and leaves that in O(1) when it goes, so what a parent needs does not grow with the number of
/// children that ever were. Chains of parents may be of any length: neither stopping nor releasing one recurses.
///
/// A deadline needs nobody to drive it: whoever looks after it came finds the stop requested and records the cause.
/// Subscribers, however, are called only by request_stop() or expire(); a wait therefore sleeps no longer than
/// deadline(), and whoever runs timers calls expire() for the others.
template <class Atomics = StandardAtomics>
// NOLINTNEXTLINE(cppcoreguidelines-virtual-class-destructor): release() alone destroys
class StopState : private EventSubscriber {
 public:
  /// With one reference, which is the caller's. `parent` may be null. The deadline in force is the sooner of `own` and
  /// the parent's.
  StopState(StopState* parent, Deadline own)
      : EventSubscriber(&child_marker),
        parent_(parent),
        deadline_(parent == nullptr ? own : std::min(own, parent->deadline_)),
        expires_as_(own <= deadline_ ? StopReason::deadline : StopReason::parent) {
    if (parent_ == nullptr) return;
    parent_->retain();
    linked_ = !parent_->stop_requested() && parent_->subscribers_.add(*this);
    if (!linked_) inherit(*parent_->cause());
  }
  StopState(const StopState&) = delete;
  StopState& operator=(const StopState&) = delete;

  void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }

  /// False when the last reference is gone and the state is being destroyed.
  bool try_retain() noexcept {
    std::uint32_t count = references_.load(std::memory_order_relaxed);
    while (count != 0) {
      if (references_.compare_exchange_weak(count, count + 1, std::memory_order_relaxed)) return true;
    }
    return false;
  }

  void release() noexcept {
    StopState* state = this;
    while (state != nullptr && state->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      StopState* parent = state->parent_;
      if (state->linked_) parent->subscribers_.remove(*state);
      delete state;
      state = parent;  // the child's reference to it is the next to go
    }
  }

  Deadline deadline() const noexcept { return deadline_; }

  /// Whether stop was requested, without a look at the clock.
  bool announced() const noexcept { return cause_.load(std::memory_order_acquire) != nullptr; }

  bool stop_requested() noexcept {
    if (announced()) return true;
    if (deadline_ == no_deadline || Atomics::now() < deadline_) return false;
    record(StopCause::plain(expires_as_));
    return true;
  }

  /// Null while stop is not announced; valid as long as this state.
  const StopCause* cause() const noexcept { return cause_.load(std::memory_order_acquire); }

  /// True when this is the first request and so gave the reason. Returns when every subscriber, those of children
  /// included, has been called, unless another thread, or this one further up its stack, is just calling them.
  bool request_stop(StopReason reason, std::string text = {}) {
    bool first = false;
    if (!stop_requested()) {
      if (text.empty()) {
        first = record(StopCause::plain(reason));
      } else {
        auto* owned = new OwnedStopCause(reason, std::move(text));
        first = record(*owned);
        if (first) {
          owned_ = owned;
        } else {
          delete owned;
        }
      }
    }
    call_subscribers();
    return first;
  }

  /// Calls the subscribers if stop was requested or the deadline has passed by now; says whether that is so.
  bool expire() noexcept {
    if (!stop_requested()) return false;
    call_subscribers();
    return true;
  }

  /// False when the subscriber will not be called because stop has been requested already.
  [[nodiscard]] bool subscribe(EventSubscriber& subscriber) noexcept {
    return !stop_requested() && subscribers_.add(subscriber);
  }
  void unsubscribe(EventSubscriber& subscriber) noexcept { subscribers_.remove(subscriber); }

 protected:
  virtual ~StopState() { delete owned_; }

 private:
  // Tells a child among the subscribers; never called.
  static void child_marker(EventSubscriber&) noexcept {}

  bool record(const StopCause& cause) noexcept {
    const StopCause* none = nullptr;
    return cause_.compare_exchange_strong(none, &cause, std::memory_order_acq_rel, std::memory_order_relaxed);
  }

  // Once at most: by the constructor, or by the thread that calls the parent's subscribers. The words are the parent's
  // own, which lives at least as long.
  void inherit(const StopCause& cause) noexcept {
    inherited_ = {StopReason::parent, cause.text};
    record(inherited_);
  }

  // This state's subscribers, then its children's, and so on, without recursion: children wait in a list.
  void call_subscribers() noexcept {
    StopState* waiting = nullptr;
    const auto call_all = [&waiting](StopState& parent) noexcept {
      parent.subscribers_.fire([&](EventSubscriber& subscriber) noexcept {
        if (subscriber.notify != &child_marker) return subscriber.notify(subscriber);
        auto& child = static_cast<StopState&>(subscriber);
        if (!child.try_retain()) return;  // being destroyed; it waits until we are done here
        child.inherit(*parent.cause());
        child.next_waiting_ = std::exchange(waiting, &child);
      });
    };
    call_all(*this);
    while (waiting != nullptr) {
      StopState* child = std::exchange(waiting, waiting->next_waiting_);
      call_all(*child);
      child->release();
    }
  }

  typename Atomics::template Atomic<const StopCause*> cause_{nullptr};
  typename Atomics::template Atomic<std::uint32_t> references_{1};
  StopState* const parent_;
  const Deadline deadline_;
  const StopReason expires_as_;
  bool linked_ = false;                    // in the parent's list, or was
  const OwnedStopCause* owned_ = nullptr;  // written by the thread whose cause was first, before it lets go
  StopCause inherited_{StopReason::parent, {}};
  StopState* next_waiting_ = nullptr;  // of the thread that called the parent's subscribers
  Subscribers<Atomics> subscribers_;
};

}  // namespace psyne::inline v0
