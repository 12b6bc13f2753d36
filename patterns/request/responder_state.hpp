#pragma once

#include <psyne/core/channel/receiver.hpp>
#include <psyne/core/channel/sender.hpp>
#include <psyne/patterns/envelope/envelope.hpp>
#include <psyne/patterns/request/answer_header.hpp>
#include <psyne/patterns/request/ask_header.hpp>
#include <psyne/patterns/request/failure_text.hpp>
#include <psyne/patterns/request/query_draft.hpp>
#include <psyne/patterns/request/request_options.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace psyne::inline v0 {

/// Both channels of a responder, shared by it and the requests that it gave out.
///
///   next, next_async, queries, close   the responder's thread
///   reply, fail, reserve               whoever holds answering(); the responder's thread without it while nobody else
///                                      may answer
///   came, went                         who may answer on another thread: a request, what gives out requests there
///   passes_over                        any thread
///
/// Nobody comes but by the responder's thread, so that this thread alone answers while nobody is there.
template <class Query, class Reply>
class ResponderState {
 public:
  using Asked = Envelope<AskHeader, Query>;
  using Answered = Envelope<AnswerHeader, Reply>;

  ResponderState(Receiver<Asked> queries, Sender<Answered> answers, std::string uri,
                 std::chrono::nanoseconds reply_within)
      : queries_(std::move(queries)),
        answers_(std::move(answers)),
        what_("cannot answer at " + std::move(uri)),
        reply_within_(reply_within) {
    queries_.pass_over([this](const Received<Asked>& message) { return passes_over(message); });
  }
  ResponderState(const ResponderState&) = delete;
  ResponderState& operator=(const ResponderState&) = delete;

  const std::string& what() const noexcept { return what_; }
  EndId id() const noexcept { return answers_.id(); }
  std::size_t requesters() const noexcept { return queries_.senders(); }
  Result<WaitSetEntry> wait_set_entry() { return queries_.wait_set_entry(); }

  /// The next query that somebody waits for. Requesters that went, or were refused, are none of its errors.
  Received<Asked> next(const Wait& wait) {
    for (;;) {
      auto message = queries_.receive(wait);
      if (!passes_over(message)) [[likely]]
        return message;
    }
  }
  /// would_block when there is none now.
  Received<Asked> next_now() {
    for (;;) {
      auto message = queries_.try_receive();
      if (!passes_over(message)) return message;
    }
  }
  Completion<Received<Asked>> next_async(const Wait& wait) { return queries_.receive_async(wait); }
  Receiver<Asked>& queries() noexcept { return queries_; }

  /// What none of those that take queries is to be given: one that nobody waits for, what went wrong with a requester.
  bool passes_over(const Received<Asked>& message) {
    if (message) [[likely]]
      return expired(message);
    return !is_own(message.error());
  }

  /// Recursive: who drops a request before its draft is told invalid_state, and hangs not.
  std::recursive_mutex& answering() noexcept { return answering_; }
  /// The responder's thread: answering() is held where anybody else may answer.
  std::unique_lock<std::recursive_mutex> answering_alone() {
    if (out_.load(std::memory_order_acquire) == 0) [[likely]]
      return {};
    return std::unique_lock(answering_);
  }
  void came() noexcept { out_.fetch_add(1, std::memory_order_relaxed); }
  /// Release: what it did with the sender comes before what the responder's thread does when none is out.
  void went() noexcept { out_.fetch_sub(1, std::memory_order_release); }

  /// `asked`: as it arrived.
  Result<void> reply(EndId asker, const AskHeader& asked, const Reply& value)
    requires(Message<Reply>::fixed)
  {
    return done(answered_,
                send(asker, Answered(AnswerHeader::of(asked.number), value), [&] { return asked.ends(true); }));
  }

  /// Room for an answer.
  Draft<Answered> reserve(EndId asker, const ShapeOf<Reply>& shape, const Wait& wait) {
    if constexpr (Message<Reply>::fixed) {
      return answers_.reserve_to(asker, wait);
    } else {
      return answers_.reserve_to(asker, {.message = shape}, wait);
    }
  }
  Result<void> commit(Draft<Answered>& draft, std::uint64_t number) {
    draft->set_header(AnswerHeader::of(number));
    if constexpr (Message<Reply>::fixed) draft->zero_body_padding();
    return done(answered_, draft.commit());
  }

  /// Tells the asker why there is no answer.
  Result<void> fail(EndId asker, std::uint64_t number, Code code, std::string_view words) {
    const std::string_view text = FailureText::whole(words);
    AnswerHeader header = AnswerHeader::of(number, code);
    if constexpr (Message<Reply>::fixed) {
      header.more = static_cast<std::uint32_t>(FailureText::pieces(text, Answered::room));
      for (std::size_t begin = 0; header.more > 0; begin += Answered::room) {
        const std::string_view piece = text.substr(std::min(begin, text.size()), Answered::room);
        header.characters = static_cast<std::uint16_t>(piece.size());
        --header.more;
        if (auto sent = send(asker, Answered(header, piece), [] { return no_deadline; }); !sent) {
          return done(failed_, std::move(sent));
        }
      }
      return done(failed_, {});
    } else {
      header.characters = static_cast<std::uint16_t>(text.size());
      auto draft =
          answers_.reserve_to(asker, {.message = std::nullopt, .characters = text.size()}, Wait(reply_within_));
      if (!draft) return done(failed_, draft.error());
      draft->set_header(header);
      std::ranges::copy(text, draft->characters.begin());
      return done(failed_, draft.commit());
    }
  }
  Result<void> fail(EndId asker, std::uint64_t number, const Error& error) {
    return fail(asker, number, error.code(), error.text());
  }
  /// An answer for which there was no room.
  Error gave_up(Error error) {
    static_cast<void>(done(answered_, error));
    return error;
  }
  Wait patience_for(const AskHeader& asked) const { return std::min(asked.ends(true), Clock::now() + reply_within_); }

  /// No query is taken any more, and none answered.
  void close() {
    {
      const std::lock_guard lock(answering_);
      static_cast<void>(answers_.close());
    }
    const Receiver<Asked> gone(std::move(queries_));
  }

  ResponderCounters counters() const noexcept {
    return {.answered = answered_.load(std::memory_order_relaxed),
            .failed = failed_.load(std::memory_order_relaxed),
            .expired = expired_.load(std::memory_order_relaxed),
            .given_up = given_up_.load(std::memory_order_relaxed)};
  }

 private:
  using Count = std::atomic<std::uint64_t>;

  // What is told of this end, not of a requester.
  static bool is_own(const Error& error) {
    switch (error.code()) {
      case Code::timed_out:
      case Code::stopped:
      case Code::would_block:
      case Code::invalid_state:
      case Code::exhausted:
      case Code::forked: return true;
      default: return false;
    }
  }

  bool expired(const Received<Asked>& message) {
    const AskHeader asked = message->header();
    if (asked.deadline == AskHeader::never) [[likely]]
      return false;
    // Not sharing the clock, it has all its time from now on.
    if (!message.shares_memory() || Clock::now() < asked.ends(true)) return false;
    expired_.fetch_add(1, std::memory_order_relaxed);
    return true;
  }

  // Mostly there is room, and the clock need not be read.
  template <class Ends>
  Result<void> send(EndId asker, const Answered& answer, Ends&& ends) {
    Result<void> sent = answers_.send_to(asker, answer, at_once_);
    if (sent || sent.error() != Code::timed_out) [[likely]]
      return sent;
    return answers_.send_to(asker, answer, Wait(std::min<Deadline>(ends(), Clock::now() + reply_within_)));
  }

  Result<void> done(Count& count, Result<void> sent) noexcept {
    Count& counted = sent ? count : given_up_;
    counted.fetch_add(1, std::memory_order_relaxed);
    return sent;
  }

  Receiver<Asked> queries_;
  Sender<Answered> answers_;
  const std::string what_;
  const std::chrono::nanoseconds reply_within_;
  const Wait at_once_{Deadline()};
  std::recursive_mutex answering_;
  std::atomic<std::uint32_t> out_{0};
  Count answered_{0};
  Count failed_{0};
  Count expired_{0};
  Count given_up_{0};
};

/// Somebody who may answer on another thread than the responder's, for as long as this lives.
template <class State>
class AnsweringElsewhere {
 public:
  explicit AnsweringElsewhere(std::shared_ptr<State> state) noexcept : state_(std::move(state)) { state_->came(); }
  AnsweringElsewhere(AnsweringElsewhere&& other) noexcept = default;
  AnsweringElsewhere& operator=(AnsweringElsewhere&&) = delete;
  ~AnsweringElsewhere() {
    if (state_) state_->went();
  }

  std::shared_ptr<State> state() const noexcept { return state_; }

 private:
  std::shared_ptr<State> state_;
};

}  // namespace psyne::inline v0
