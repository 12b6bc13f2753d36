#pragma once

#include <psyne/core/channel/sender_state.hpp>
#include <psyne/core/message/message.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
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

/// A message that is being written, in its place in the ring; or beside it and copied in when it is committed, where
/// the receiver's core is so far away that this is quicker (CopyChoice), or the message is compressed. Either
/// committed, or it never was.
///
/// A result itself: test it before use. Belongs to the sender's thread; only one is open at a time. Its memory may hold
/// bytes of earlier messages of the same sender until it is written.
template <class T>
class [[nodiscard]] Draft {
  using State = SenderState<RecordsOf<T>>;
  using Room = typename State::Room;
  using View = typename WritableFor<T>::type;

 public:
  Draft(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor): a failed draft
  Draft(Draft&& other) noexcept
      : state_(std::exchange(other.state_, nullptr)),
        bytes_(other.bytes_),
        room_(other.room_),
        begin_(other.begin_),
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
    if (!room_.dropped) {
      std::uint64_t packed = 0;
      if constexpr (!Message<T>::fixed) {
        if (room_.packs) packed = state_->pack({room_.place, bytes_});
      }
      if (packed != 0) {
        // It lies in its place.
      } else if (room_.staged) {
        state_->writer().fill({room_.place, bytes_});
      } else if (bytes_ >= CopyChoice::long_copy) {
        state_->writer().wrote(bytes_, begin_);
      }
      // Outside of the gate until now, so that a receiver can be let in while a draft is open: that only widens the
      // room.
      state_->gate().enter();
      if constexpr (Message<T>::fixed) {
        state_->commit(bytes_);
      } else if (packed != 0) {
        state_->commit_packed(packed, bytes_);
      } else {
        state_->send({state_->writer().place(), bytes_}, true);
      }
      state_->gate().leave();
    }
    end();
    error_ = Error(Code::invalid_state);
    return {};
  }

 private:
  template <class>
  friend class Sender;

  Draft(State& state, std::uint64_t bytes, const Room& room, std::conditional_t<Message<T>::fixed, T*, View> view)
      : state_(&state), bytes_(bytes), room_(room), view_(std::move(view)), error_(Code::invalid_state) {
    if (bytes_ >= CopyChoice::long_copy) begin_ = Clock::now();
    state_->draft_open = true;
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
  Room room_;
  Clock::time_point begin_{};
  std::optional<std::conditional_t<Message<T>::fixed, T*, View>> view_;
  Error error_;
};

}  // namespace psyne::inline v0
