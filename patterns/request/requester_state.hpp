#pragma once

#include <psyne/core/channel/receiver.hpp>
#include <psyne/core/channel/sender.hpp>
#include <psyne/patterns/request/answer.hpp>
#include <psyne/patterns/request/ask_header.hpp>
#include <psyne/patterns/request/failure_text.hpp>
#include <psyne/patterns/request/pending_asks.hpp>
#include <psyne/patterns/request/query_draft.hpp>
#include <psyne/patterns/request/request_options.hpp>
#include <psyne/patterns/request/responders.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace psyne::inline v0 {

/// Both channels of a requester, and how answers are taken in: by the thread that asks (`ask`), or, while asynchronous
/// asks are made, by a subscription, which owns the lanes then.
///
/// All members by the requester's thread. While asks are not asynchronous nothing is locked, allocated or looked up.
template <class Query, class Reply>
class RequesterState {
 public:
  using Asked = Envelope<AskHeader, Query>;
  using Answered = Envelope<AnswerHeader, Reply>;
  using Operation = AskOperation<Reply>;
  using Known = Responders::Known;

  RequesterState(Sender<Asked> queries, Receiver<Answered> answers, std::string uri, Executor* executor)
      : queries_(std::move(queries)),
        answers_(std::move(answers)),
        uri_(std::move(uri)),
        executor_(executor),
        asks_(std::make_shared<PendingAsks<Reply>>("cannot get an answer from " + uri_)) {}
  ~RequesterState() {
    subscription_.reset();
    asks_->end();
  }
  RequesterState(const RequesterState&) = delete;
  RequesterState& operator=(const RequesterState&) = delete;

  Sender<Asked>& queries() noexcept { return queries_; }
  const std::string& uri() const noexcept { return uri_; }
  EndId id() const noexcept { return queries_.id(); }
  std::size_t responders() { return queries_.receiver_ids().size(); }
  /// Answers for which nobody waited any more.
  std::uint64_t late() const noexcept { return late_.load(std::memory_order_relaxed); }

  /// Whether the asking thread may take answers itself. A program that asks asynchronously now and then gets the lanes
  /// back after some asks that are not: handing them over costs a thread's end.
  bool takes_answers() {
    if (!subscription_) [[likely]]
      return true;
    if (!asks_->empty() || ++in_line_ < few) return false;
    subscription_.reset();
    return true;
  }
  /// An asynchronous ask follows.
  void hand_over_soon() noexcept { in_line_ = 0; }

  /// Sends a query by `send(responder, header)` and waits for its answer. While takes_answers().
  template <class Send>
  Answer<Reply> ask(const Wait& wait, Send&& send) {
    const AskHeader header = AskHeader::until(++numbers_, wait.stop.sooner(wait.deadline));
    for (;;) {
      auto known = pick(wait);
      if (!known) [[unlikely]]
        return known.error();
      const EndId responder = (**known)->id;
      Result<void> sent = send(responder, header);
      if (sent) [[likely]]
        return await(header.number, responder, wait);
      if (sent.error() != Code::not_found) return sent.error();
    }
  }

  /// The same without waiting for the answer; it waits for a responder, and for room in its ring.
  template <class Send>
  Completion<Answer<Reply>> ask_async(const Wait& wait, Send&& send) {
    const AskHeader header = AskHeader::until(++numbers_, wait.stop.sooner(wait.deadline));
    for (;;) {
      auto known = pick(wait);
      if (!known) return failed(known.error());
      auto started = start(**known, header, wait, send);
      if (started) return *std::move(started);
      if (started.error() != Code::not_found) return failed(started.error());
    }
  }

  /// Room for a query, and who is to get it.
  Result<QueryDraft<Query>> reserve(const typename QueryDraft<Query>::Shape& shape, const Wait& wait) {
    for (;;) {
      auto known = pick(wait);
      if (!known) return known.error();
      auto draft = QueryDraft<Query>::reserve(queries_, (**known)->id, shape, wait);
      if (draft) return QueryDraft<Query>(std::move(draft), **known);
      if (draft.error() != Code::not_found) return draft.error();
    }
  }
  Answer<Reply> ask(QueryDraft<Query> draft, const Wait& wait) {
    const AskHeader header = AskHeader::until(++numbers_, wait.stop.sooner(wait.deadline));
    const EndId responder = draft.responder()->id;
    if (auto sent = draft.commit(header); !sent) return sent.error();
    return await(header.number, responder, wait);
  }
  Completion<Answer<Reply>> ask_async(QueryDraft<Query> draft, const Wait& wait) {
    const AskHeader header = AskHeader::until(++numbers_, wait.stop.sooner(wait.deadline));
    const Known known = draft.responder();
    auto started =
        start(known, header, wait, [&](EndId /*responder*/, const AskHeader& front) { return draft.commit(front); });
    if (started) return *std::move(started);
    if (started.error() != Code::not_found) return failed(started.error());
    return failed(asks_->gone(Code::peer_lost));
  }

 private:
  static constexpr int few = 16;

  // not_found: that responder has gone, nothing was asked.
  template <class Send>
  Result<Completion<Answer<Reply>>> start(const Known& known, const AskHeader& header, const Wait& wait, Send&& send) {
    auto service = Service::with_callbacks();
    if (!service) return service.error();
    if (auto subscribed = subscribe(); !subscribed) return subscribed.error();
    auto* operation = new Operation(asks_, header.number, known);
    Completion<Answer<Reply>> completion(operation);
    if (!asks_->add(*operation)) {
      responders_.forget_met();
      return Code::not_found;
    }
    if (Result<void> sent = send(known->id, header); !sent) {
      asks_->forget(header.number);
      return sent.error();
    }
    if (!completion.test()) operation->set(**service, wait.deadline, wait.stop);
    return completion;
  }

  Answer<Reply> await(std::uint64_t number, EndId responder, const Wait& wait) {
    FailureText failure;
    for (;;) {
      auto message = answers_.receive(wait);
      if (!message) [[unlikely]] {
        if (auto end = ended(message.error(), responder)) return *end;
        continue;
      }
      const AnswerHeader header = message->header();
      if (header.number != number || message.sender() != responder) [[unlikely]] {
        late_.fetch_add(1, std::memory_order_relaxed);
        continue;
      }
      if (!header.holds_text()) [[likely]]
        return Answer<Reply>(std::move(message));
      if (failure.take(header, message->text())) return failure.error(asks_->what(), message.who());
    }
  }

  // Whether the wait for an answer of `responder` is over, after receiving said so.
  std::optional<Error> ended(const Error& error, EndId responder) {
    if (error == Code::timed_out) {
      return Error(Code::timed_out, asks_->what()).peer(std::string(error.peer())).because("no answer came in time");
    }
    if (is_own(error)) return error;
    part(error);
    if (answers_.has_sender(responder)) return std::nullopt;
    return asks_->gone(error);
  }

  // Of this end, not of a sender.
  static bool is_own(const Error& error) {
    switch (error.code()) {
      case Code::timed_out:
      case Code::stopped:
      case Code::invalid_state:
      case Code::exhausted:
      case Code::forked: return true;
      default: return false;
    }
  }

  void part(const Error& error) {
    asks_->part([this](EndId responder) { return answers_.has_sender(responder); }, error);
    parted_.store(true, std::memory_order_release);
  }

  // The responder for the next query, with both channels there.
  Result<const Known*> pick(const Wait& wait) {
    for (;;) {
      if (parted_.load(std::memory_order_relaxed)) [[unlikely]] {
        parted_.store(false, std::memory_order_relaxed);
        responders_.forget_met();
      }
      if (const std::uint64_t turnover = queries_.turnover(); turnover != turnover_) [[unlikely]] {
        turnover_ = turnover;  // before the look: what changes after it is seen next time
        responders_.set(queries_.receiver_ids());
      }
      if (!responders_.all_met()) [[unlikely]] {
        if (auto met = meet_others(wait); !met) return met.error();
      }
      if (const Known* known = responders_.next()) [[likely]]
        return known;
      if (!responders_.empty()) continue;
      if (auto come = queries_.wait_for_receiver(wait); !come) return no_responder(come.error());
    }
  }

  // They take queries: until its answers can come, a responder is not asked. Each is waited for once, for a moment, and
  // then looked for now and then; when no other is there, it is waited for in earnest.
  Result<void> meet_others(const Wait& wait) {
    constexpr auto moment = std::chrono::milliseconds(20);
    const std::vector<Known> unmet = responders_.unmet();
    const Deadline now = Clock::now();
    const bool is_new = std::ranges::any_of(unmet, [](const Known& known) { return !known->awaited; });
    if (!is_new && responders_.any_met() && now < meet_again_) return {};
    meet_again_ = now + moment;
    subscription_.reset();
    for (const Known& known : unmet) {
      const bool patient = !known->awaited || !responders_.any_met();
      known->awaited = true;
      if (auto met = meet(*known, patient ? Clock::now() + moment : now, wait); !met) return met;
    }
    return {};
  }

  // Success as well when it was not met.
  Result<void> meet(KnownResponder& known, Deadline until, const Wait& wait) {
    if (!queries_.reaches(known.id)) return {};
    auto come = answers_.wait_for_sender(known.id, Wait(std::min(until, wait.deadline), wait.stop));
    if (come) {
      if (!asks_->met(known.id)) asks_->meet(known.id);
      responders_.meet(known);
    } else if (come.error() == Code::timed_out) {
      if (Clock::now() >= wait.stop.sooner(wait.deadline)) return no_responder(come.error());
    } else if (is_own(come.error())) {
      return come;
    } else {
      part(come.error());
    }
    return {};
  }

  Error no_responder(const Error& error) {
    if (error != Code::timed_out) return error;
    if (auto refusal = last_refusal()) return *refusal;
    return Error(Code::timed_out, asks_->what())
        .peer("no responder has come")
        .because("the deadline passed")
        .mend("Start a responder, or wait longer for it.");
  }

  // Why whoever is there was not met: what the channel of answers heard while this waited.
  std::optional<Error> last_refusal() {
    std::optional<Error> last;
    for (int i = 0; i < few; ++i) {
      auto told = answers_.try_receive();
      if (told) {
        late_.fetch_add(1, std::memory_order_relaxed);
        continue;
      }
      if (told.error() == Code::would_block || is_own(told.error())) break;
      part(told.error());
      if (told.error() == Code::refused || told.error() == Code::incompatible) {
        last = Error(told.error().code(), asks_->what()).because(told.error().text());
      }
    }
    return last;
  }

  Result<void> subscribe() {
    if (subscription_) return {};
    auto subscription = answers_.on_message(
        [this](Received<Answered> message) {
          if (!asks_->answered(std::move(message))) late_.fetch_add(1, std::memory_order_relaxed);
        },
        {.executor = executor_, .on_error = [this](const Error& error) { part(error); }});
    if (!subscription) return subscription.error();
    subscription_.emplace(std::move(*subscription));
    return {};
  }

  static Completion<Answer<Reply>> failed(Error error) {
    Completer<Answer<Reply>> completer;
    completer.complete(std::move(error));
    return completer.completion();
  }

  Sender<Asked> queries_;
  Receiver<Answered> answers_;
  const std::string uri_;
  Executor* const executor_;
  const std::shared_ptr<PendingAsks<Reply>> asks_;
  Responders responders_;
  std::atomic<bool> parted_{false};  // a responder, since they were met
  std::uint64_t turnover_ = ~std::uint64_t{0};
  Deadline meet_again_{};
  std::uint64_t numbers_ = 0;
  int in_line_ = 0;  // asks since the last asynchronous one
  std::atomic<std::uint64_t> late_{0};
  std::optional<Subscription> subscription_;  // goes before what its callback uses
};

}  // namespace psyne::inline v0
