#pragma once

#include <psyne/core/channel/received.hpp>
#include <psyne/core/completion/result_state.hpp>
#include <psyne/patterns/envelope/envelope.hpp>
#include <psyne/patterns/request/answer_header.hpp>

#include <string>
#include <utility>

namespace psyne::inline v0 {

/// The answer to one query, in its place in the ring; the place goes back with it. A result itself: test it, then use
/// *,
/// -> or error(). May outlive its requester, and be released by any thread, as a Received.
template <class Reply>
class [[nodiscard]] Answer {
 public:
  using View = typename ReadableFor<Reply>::type;

  Answer(Error error) : message_(std::move(error)) {}  // NOLINT(google-explicit-constructor): a failed one
  explicit Answer(Received<Envelope<AnswerHeader, Reply>> message) noexcept : message_(std::move(message)) {}

  explicit operator bool() const noexcept { return static_cast<bool>(message_); }
  const Error& error() const noexcept { return message_.error(); }

  const View& operator*() const noexcept { return message_->body(); }
  const View* operator->() const noexcept { return &message_->body(); }

  /// Who answered; and for people: "sender prices (pid 812)".
  EndId responder() const noexcept { return message_.sender(); }
  std::string who() const { return message_.who(); }

  /// Gives the place back now.
  void release() noexcept { message_.release(); }

 private:
  Received<Envelope<AnswerHeader, Reply>> message_;
};

/// An asynchronous ask gives what ask() gives.
template <class Reply>
struct OutcomeOf<Answer<Reply>> {
  using type = Answer<Reply>;
};

}  // namespace psyne::inline v0
