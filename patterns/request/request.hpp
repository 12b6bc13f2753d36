#pragma once

#include <psyne/core/completion/result_state.hpp>
#include <psyne/patterns/request/responder_state.hpp>

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace psyne::inline v0 {

template <class Query, class Reply>
class Request;

/// An answer that is being written in its place in the ring. While it lives nobody else answers; it is replied, or it
/// never was.
template <class Query, class Reply>
class [[nodiscard]] AnswerDraft {
 public:
  auto& operator*() noexcept { return draft_->body(); }
  auto* operator->() noexcept { return &draft_->body(); }

 private:
  friend class Request<Query, Reply>;
  using Answered = Envelope<AnswerHeader, Reply>;

  AnswerDraft(std::unique_lock<std::recursive_mutex> lock, Draft<Answered> draft)
      : lock_(std::move(lock)), draft_(std::move(draft)) {}

  std::unique_lock<std::recursive_mutex> lock_;
  Draft<Answered> draft_;  // goes before the lock
};

/// One query, in its place in the ring, and the duty to answer it: once, by any thread. One that goes unanswered tells
/// its asker so (Code::cancelled). A result itself: test it, then use *, -> or error().
///
/// Errors of answering: not_found (the requester is gone), timed_out (it does not take its answers), closed (the
/// responder has gone), invalid_state (it was answered before). All are the asker's loss only.
template <class Query, class Reply>
class [[nodiscard]] Request {
  using State = ResponderState<Query, Reply>;
  using Asked = typename State::Asked;
  using View = typename ReadableFor<Query>::type;

 public:
  Request(Error error) : message_(std::move(error)) {}  // NOLINT(google-explicit-constructor): a failed receive
  Request(std::shared_ptr<State> state, Received<Asked> message)
      : state_(std::move(state)),
        message_(std::move(message)),
        asked_(message_->header().arrived(message_.shares_memory())) {
    state_->came();
  }
  Request(Request&&) noexcept = default;
  Request& operator=(Request&& other) noexcept {
    drop();
    state_ = std::move(other.state_);
    message_ = std::move(other.message_);
    asked_ = other.asked_;
    answered_ = other.answered_;
    return *this;
  }
  ~Request() { drop(); }

  explicit operator bool() const noexcept { return static_cast<bool>(message_); }
  const Error& error() const noexcept { return message_.error(); }

  const View& operator*() const noexcept { return message_->body(); }
  const View* operator->() const noexcept { return &message_->body(); }

  /// Until when the asker waits.
  Deadline deadline() const { return asked_.ends(true); }
  /// Who asks; and for people.
  EndId requester() const noexcept { return message_.sender(); }
  std::string who() const { return message_.who(); }

  Result<void> reply(const Reply& value)
    requires(Message<Reply>::fixed)
  {
    return answer([&] { return state_->reply(requester(), asked_, value); });
  }
  /// Vectors: one copy of `values`.
  template <class Kind = Message<Reply>>
    requires BareElements<Kind>
  Result<void> reply(typename Kind::Readable values) {
    auto draft = reserve(values.size());
    if (!draft) return draft.error();
    std::ranges::copy(values, (**draft).begin());
    return reply(std::move(*draft));
  }
  /// Room for an answer in the ring, to be filled and replied: of a variable message type by its shape.
  Result<AnswerDraft<Query, Reply>> reserve(const ShapeOf<Reply>& shape = {}) {
    if (auto may = may_answer(); !may) return may.error();
    std::unique_lock lock(state_->answering());
    auto draft = state_->reserve(requester(), shape, state_->patience_for(asked_));
    if (!draft) return state_->gave_up(draft.error());
    return AnswerDraft<Query, Reply>(std::move(lock), std::move(draft));
  }
  Result<void> reply(AnswerDraft<Query, Reply> draft) {
    if (auto may = may_answer(); !may) return may;
    answered_ = true;
    return state_->commit(draft.draft_, asked_.number);
  }
  /// Tells the asker that it failed, with the error's words.
  Result<void> fail(const Error& error) {
    return answer([&] { return state_->fail(requester(), asked_.number, error); });
  }

 private:
  Result<void> may_answer() const {
    if (!state_) return Error(Code::invalid_state, "cannot answer").because("this is no request");
    if (answered_) return Error(Code::invalid_state, state_->what()).because("it was answered before");
    return {};
  }

  template <class How>
  Result<void> answer(How&& how) {
    if (auto may = may_answer(); !may) return may;
    answered_ = true;
    const std::lock_guard lock(state_->answering());
    return how();
  }

  void drop() noexcept {
    if (!state_ || !message_) return;
    if (!answered_) {
      static_cast<void>(answer([&] {
        return state_->fail(requester(), asked_.number, Code::cancelled, "the responder let it go unanswered");
      }));
    }
    message_.release();
    state_->went();
    state_.reset();
  }

  std::shared_ptr<State> state_;
  Received<Asked> message_;
  AskHeader asked_;  // on this clock
  bool answered_ = false;
};

/// An asynchronous receive gives what receive() gives.
template <class Query, class Reply>
struct OutcomeOf<Request<Query, Reply>> {
  using type = Request<Query, Reply>;
};

}  // namespace psyne::inline v0
