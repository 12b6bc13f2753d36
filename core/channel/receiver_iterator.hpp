#pragma once

#include <psyne/core/channel/receiver.hpp>

#include <cstddef>
#include <iterator>
#include <optional>
#include <span>

namespace psyne::inline v0 {

/// See Receiver::begin.
template <class T>
class Receiver<T>::Iterator {
 public:
  using difference_type = std::ptrdiff_t;
  using value_type = View;

  explicit Iterator(Receiver& receiver) : receiver_(&receiver) { find(); }
  Iterator(Iterator&&) noexcept = default;
  Iterator& operator=(Iterator&&) noexcept = default;

  const View& operator*() const noexcept {
    if constexpr (Message<T>::fixed) {
      return *view_.value();
    } else {
      return *view_;
    }
  }
  const View* operator->() const noexcept { return &**this; }
  Iterator& operator++() {
    if (lane_ != nullptr) lane_->reader().pop();
    find();
    return *this;
  }
  void operator++(int) { ++*this; }
  friend bool operator==(const Iterator& iterator, std::default_sentinel_t) noexcept { return !iterator.view_; }

 private:
  void find() {
    lane_ = nullptr;
    back_.reset();
    view_.reset();
    while (!view_) {
      if (receiver_->disturbed()) [[unlikely]] {
        if (auto first = receiver_->before_lanes()) return take_instead(*std::move(first));
      }
      if (Lane* lane = receiver_->state_->find()) [[likely]] {
        read(*lane);
        continue;
      }
      auto lane = receiver_->state_->wait({});
      if (!lane) {
        if (lane.error() == Code::closed || receiver_->senders() == 0) return;  // else: one died, the others go on
      } else if (*lane != nullptr) {
        read(**lane);
      }
    }
  }

  void take_instead(Received<T> first) {
    if (!first) return receiver_->told(first.error());
    back_ = std::move(first);
    view_ = *back_->view_;
  }

  void read(Lane& lane) {
    auto& state = *receiver_->state_;
    auto payload = lane.reader().front();
    if (const auto how = unpack_front<T>(state, lane, payload, Stays::until_the_next); how != Unpacked::whole)
      return state.tell(not_unpacked(state, lane, how));
    auto view = read_payload<T>(payload);
    if (!view) {
      lane.reader().pop();
      return state.tell(state.told(lane, view.error()));
    }
    view_ = std::move(*view);
    lane_ = &lane;
    state.end().count(1, payload.size());
  }

  Receiver* receiver_;
  Lane* lane_ = nullptr;
  std::optional<Held> view_;         // nothing at the end
  std::optional<Received<T>> back_;  // the message, where it came back
};

}  // namespace psyne::inline v0
