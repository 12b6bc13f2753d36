#pragma once

#include <psyne/core/channel/asynchronous/receive_queue.hpp>
#include <psyne/core/channel/asynchronous/subscription_state.hpp>
#include <psyne/core/channel/take_front.hpp>

#include <concepts>
#include <memory>
#include <utility>

namespace psyne::inline v0 {

/// What may be given messages of type T: takes the Received<T> itself, which it may keep, or a view that goes back when
/// it returns.
template <class Callback, class T>
concept TakesMessages =
    std::invocable<Callback&, Received<T>> || std::invocable<Callback&, const typename ReadableFor<T>::type&>;

/// A subscription to messages of type T.
template <class T, TakesMessages<T> Callback>
class MessageSubscription final : public SubscriptionState {
 public:
  using Lanes = ReceiverState<RecordsOf<T>>;

  MessageSubscription(Service& service, Lanes& lanes, std::shared_ptr<ReceiveQueue<T>> queue,
                      SubscriptionOptions options, Callback callback)
      : SubscriptionState(service, lanes.end().bell(), std::move(options),
                          "cannot hand over messages of " + lanes.end().uri()),
        lanes_(&lanes),
        queue_(std::move(queue)),
        callback_(std::move(callback)) {}

 private:
  Result<bool> hand_over(const Wait* wait) override {
    if ((lanes_->attention() & (came_back | being_told)) != 0) {
      if (auto back = queue_->next_back()) return call(*std::move(back));
    }
    auto lane = wait != nullptr ? lanes_->wait(*wait) : lanes_->look();
    if (lane) return *lane == nullptr ? Result<bool>(true) : call(take_front<T>(*lanes_, **lane));
    if (lane.error() == Code::would_block) return false;
    return lane.error();
  }

  Result<bool> call(Received<T> message) {
    if (!message) return message.error();
    if constexpr (std::invocable<Callback&, Received<T>>) {
      callback_(std::move(message));
    } else {
      callback_(*message);
    }
    return true;
  }

  bool is_last(const Error& error) const override {
    return error == Code::closed && !lanes_->end().settings().given.tell_closed;
  }
  bool announce() override { return lanes_->rest(); }
  void awake() noexcept override {
    lanes_->awake();
    lanes_->end().bell().clear();
  }
  void give_back() noexcept override {
    lanes_->awake();
    lanes_->dismiss(lent);
  }

  Lanes* const lanes_;
  const std::shared_ptr<ReceiveQueue<T>> queue_;  // null when nothing was received asynchronously before
  Callback callback_;
};

}  // namespace psyne::inline v0
