#pragma once

#include <psyne/core/channel/checked_copy.hpp>
#include <psyne/core/channel/draft.hpp>
#include <psyne/core/channel/incoming_lane.hpp>
#include <psyne/core/completion/result_state.hpp>
#include <psyne/core/message/message.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace psyne::inline v0 {

/// How a receiver sees the payload of a message.
template <class T, bool fixed = Message<T>::fixed>
struct ReadableFor {
  using type = typename Message<T>::Readable;
};
template <class T>
struct ReadableFor<T, true> {
  using type = T;
};

/// What a view of a message of type T holds: a pointer to the value, or its copy where its bytes are to be checked, or
/// the message type's own view.
template <class T, bool fixed = Message<T>::fixed>
struct HeldAs {
  using type = typename Message<T>::Readable;
};
template <class T>
struct HeldAs<T, true> {
  using type = std::conditional_t<Message<T>::needs_check, CheckedCopy<T>, const T*>;
};
template <class T>
using HeldFor = typename HeldAs<T>::type;

template <class T>
class Receiver;
template <class T>
class ReceivedBatch;

/// One received message, in its place in the ring; the place goes back with it. A result itself: test it, then use *,
/// -> or error().
///
/// Views may be released in any order, by any thread, and after their receiver: the last one keeps the memory.
template <class T>
class [[nodiscard]] Received {
  using Lane = TypedLane<RecordsOf<T>>;
  using View = typename ReadableFor<T>::type;
  using Held = HeldFor<T>;

 public:
  Received(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor): a failed receive
  Received(Lane& lane, std::uint32_t number, Held view)
      : lane_(&lane), number_(number), view_(std::move(view)), error_(Code::invalid_state) {}
  Received(Received&& other) noexcept
      : lane_(std::exchange(other.lane_, nullptr)),
        number_(other.number_),
        view_(std::move(other.view_)),
        error_(std::move(other.error_)) {}
  Received& operator=(Received&& other) noexcept {
    if (this != &other) {
      release();
      lane_ = std::exchange(other.lane_, nullptr);
      number_ = other.number_;
      view_ = std::move(other.view_);
      error_ = std::move(other.error_);
    }
    return *this;
  }
  ~Received() { release(); }

  explicit operator bool() const noexcept { return lane_ != nullptr; }
  const Error& error() const noexcept { return error_; }

  const View& operator*() const noexcept { return view(); }
  const View* operator->() const noexcept { return &view(); }

  /// Which sender sent it; none after an error.
  EndId sender() const noexcept { return lane_ != nullptr ? lane_->offer().sender : EndId{}; }
  /// The same for people: "sender camera (pid 812)".
  std::string who() const { return lane_ != nullptr ? lane_->who() : std::string(); }
  /// Whether its sender shares memory with us, and so the clock. Only of a message.
  bool shares_memory() const noexcept { return lane_->mapped(); }

  /// Gives the place back now.
  void release() noexcept {
    if (Lane* lane = std::exchange(lane_, nullptr)) lane->release(number_);
  }

 private:
  friend class Receiver<T>;
  friend class ReceivedBatch<T>;

  const View& view() const noexcept {
    if constexpr (Message<T>::fixed) {
      return *view_.value();
    } else {
      return *view_;
    }
  }

  Lane* lane_ = nullptr;
  std::uint32_t number_ = 0;
  std::optional<Held> view_;
  Error error_;
};

/// An asynchronous receive gives what receive() gives.
template <class T>
struct OutcomeOf<Received<T>> {
  using type = Received<T>;
};

/// Up to 64 views beside each other, without an allocation where they are small; large ones (tensors) would make every
/// batch kilobytes to move.
template <class Held>
class ViewArray {
 public:
  static constexpr std::size_t capacity = 64;
  void push_back(Held view) noexcept { views_[size_++] = std::move(view); }
  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }
  const Held* data() const noexcept { return views_.data(); }

 private:
  std::array<Held, capacity> views_;
  std::size_t size_ = 0;
};

/// Some messages of one sender, received and given back together.
template <class T>
class [[nodiscard]] ReceivedBatch {
  using Lane = TypedLane<RecordsOf<T>>;
  using View = typename ReadableFor<T>::type;
  using Held = HeldFor<T>;

 public:
  /// Messages in one batch.
  static constexpr std::size_t most = ViewArray<const void*>::capacity;
  using Views = std::conditional_t<sizeof(Held) <= 16, ViewArray<Held>, std::vector<Held>>;

  class Iterator {
   public:
    using value_type = View;
    using difference_type = std::ptrdiff_t;

    Iterator() = default;
    explicit Iterator(const Held* at) : at_(at) {}
    const View& operator*() const {
      if constexpr (Message<T>::fixed) {
        return **at_;
      } else {
        return *at_;
      }
    }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    Iterator operator++(int) { return Iterator(at_++); }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    const Held* at_ = nullptr;
  };

  ReceivedBatch(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor): a failed receive
  ReceivedBatch(Lane& lane, std::uint32_t number, Views views)
      : lane_(&lane), number_(number), views_(std::move(views)), error_(Code::invalid_state) {}
  /// Of one message, or of none.
  ReceivedBatch(Received<T> one)  // NOLINT(google-explicit-constructor)
      : lane_(std::exchange(one.lane_, nullptr)), number_(one.number_), error_(std::move(one.error_)) {
    if (lane_ != nullptr) views_.push_back(std::move(*one.view_));
  }
  ReceivedBatch(ReceivedBatch&& other) noexcept
      : lane_(std::exchange(other.lane_, nullptr)),
        number_(other.number_),
        views_(std::move(other.views_)),
        error_(std::move(other.error_)) {}
  ReceivedBatch& operator=(ReceivedBatch&& other) noexcept {
    if (this != &other) {
      release();
      lane_ = std::exchange(other.lane_, nullptr);
      number_ = other.number_;
      views_ = std::move(other.views_);
      error_ = std::move(other.error_);
    }
    return *this;
  }
  ~ReceivedBatch() { release(); }

  explicit operator bool() const noexcept { return lane_ != nullptr; }
  const Error& error() const noexcept { return error_; }
  std::size_t size() const noexcept { return lane_ != nullptr ? views_.size() : 0; }
  Iterator begin() const noexcept { return Iterator(views_.data()); }
  Iterator end() const noexcept { return Iterator(views_.data() + size()); }
  const View& operator[](std::size_t index) const noexcept { return *Iterator(views_.data() + index); }
  EndId sender() const noexcept { return lane_ != nullptr ? lane_->offer().sender : EndId{}; }
  std::string who() const { return lane_ != nullptr ? lane_->who() : std::string(); }

  void release() noexcept {
    if (Lane* lane = std::exchange(lane_, nullptr)) lane->release(number_);
  }

 private:
  Lane* lane_ = nullptr;
  std::uint32_t number_ = 0;
  Views views_;
  Error error_;
};

}  // namespace psyne::inline v0
