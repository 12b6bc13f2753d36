#pragma once

#include <psyne/core/channel/sender_state.hpp>
#include <psyne/core/message/message.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

namespace psyne::inline v0 {

/// The records that carry messages of type T.
template <class T, bool fixed = Message<T>::fixed>
struct RecordsFor {
  using type = VariableRecords;
};
template <class T>
struct RecordsFor<T, true> {
  using type = FixedRecords<sizeof(T), (Message<T>::alignment > 8 ? Message<T>::alignment : 8)>;
};
template <class T>
using RecordsOf = typename RecordsFor<T>::type;

/// How a sender sees the payload of a message: the value itself, or the message type's own writable view.
template <class T, bool fixed = Message<T>::fixed>
struct WritableFor {
  using type = typename Message<T>::Writable;
};
template <class T>
struct WritableFor<T, true> {
  using type = T;
};

/// A message that is being written, in its place in the ring. Either committed, or it never was.
///
/// A result itself: test it before use. Belongs to the sender's thread; only one is open at a time. Its memory may hold
/// bytes of earlier messages of the same sender until it is written.
template <class T>
class [[nodiscard]] Draft {
  using State = SenderState<RecordsOf<T>>;
  using View = typename WritableFor<T>::type;

 public:
  Draft(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor): a failed draft
  Draft(Draft&& other) noexcept
      : state_(std::exchange(other.state_, nullptr)),
        bytes_(other.bytes_),
        dropped_(other.dropped_),
        view_(std::move(other.view_)),
        error_(std::move(other.error_)) {}
  Draft& operator=(Draft&&) = delete;
  ~Draft() { end(); }

  explicit operator bool() const noexcept { return state_ != nullptr; }
  const Error& error() const noexcept { return error_; }

  View& operator*() noexcept { return view(); }
  View* operator->() noexcept { return &view(); }

  /// Publishes the message. Errors: that of a failed draft; invalid_state when it was committed before.
  Result<void> commit() {
    if (state_ == nullptr) return error_;
    if (state_->end().forked()) return forked_error("cannot send on " + state_->end().uri());
    if constexpr (Message<T>::fixed) zero_padding<T>(reinterpret_cast<std::byte*>(view_.value()));
    if (!dropped_) {
      // Outside of the gate until now, so that a receiver can be let in while a draft is open: that only widens the
      // room.
      state_->gate().enter();
      state_->commit(bytes_);
      state_->gate().leave();
    }
    end();
    error_ = Error(Code::invalid_state);
    return {};
  }

 private:
  template <class>
  friend class Sender;

  Draft(State& state, std::uint64_t bytes, bool dropped, std::conditional_t<Message<T>::fixed, T*, View> view)
      : state_(&state), bytes_(bytes), dropped_(dropped), view_(std::move(view)), error_(Code::invalid_state) {
    state_->draft_open = true;
  }

  // The whole payload at once; one that will be dropped is not copied.
  void fill(std::span<const std::byte> payload) noexcept {
    if (!dropped_) state_->writer().fill(payload);
  }

  View& view() noexcept {
    if constexpr (Message<T>::fixed) {
      return *view_.value();
    } else {
      return *view_;
    }
  }

  void end() noexcept {
    State* state = std::exchange(state_, nullptr);
    if (state == nullptr || state->end().forked()) return;
    state->draft_open = false;
    if (state->abandoned) delete state;
  }

  State* state_ = nullptr;
  std::uint64_t bytes_ = 0;
  bool dropped_ = false;
  std::optional<std::conditional_t<Message<T>::fixed, T*, View>> view_;
  Error error_;
};

}  // namespace psyne::inline v0
