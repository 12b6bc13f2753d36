#pragma once

#include <psyne/patterns/request/answer_patience.hpp>
#include <psyne/patterns/request/requester_state.hpp>
#include <psyne/patterns/uri/part_uris.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace psyne::inline v0 {

/// Asks queries of type Query of whoever answers under a name, and gets answers of type Reply: message types as those
/// of channels, read and written in place. Several responders under one name share the queries; each goes to the one
/// with the fewest asynchronous asks in flight, in turn among those.
///
/// Used by one thread at a time; completions by any. ask() takes the answer in itself, without a lock, an allocation or
/// a hop. After an asynchronous ask answers are taken in by a thread (RequesterOptions::executor), and ask() waits for
/// it, until 16 asks in line found none that is asynchronous.
///
/// Errors of an ask: what the responder's code failed with, its words included; timed_out (the deadline travels with
/// the query, so that nobody works on it afterwards); stopped; cancelled (the responder let it go unanswered);
/// peer_lost, corrupted or closed (its responder died, lied or closed before it answered; what it did is not known);
/// refused or incompatible, at the deadline (who is there is no responder for this one: the reason is told); those of
/// sending.
template <class Query, class Reply>
class Requester {
  using State = RequesterState<Query, Reply>;
  using Asked = typename State::Asked;

 public:
  /// `uri`: memory://name, ipc://name, tcp://host:port, ... Neither side needs to be there first: asks wait for a
  /// responder.
  static Result<Requester> open(std::string_view uri, const RequesterOptions& options = {}) {
    auto id = EndId::random();
    if (!id) return id.error();
    auto uris = part_uris(uri, {"ask", Message<Query>::fixed}, {"answer", Message<Reply>::fixed});
    if (!uris) return uris.error();
    auto patience = answer_patience(uris->in, options.patience);
    if (!patience) return patience.error();
    auto answers = Receiver<Envelope<AnswerHeader, Reply>>::open(
        uris->in,
        {.delivery = Delivery::routed, .patience = *patience, .name = options.name, .id = *id, .tell_closed = true});
    if (!answers) return answers.error();
    SenderOptions asking{.capacity_bytes = options.capacity_bytes,
                         .delivery = Delivery::routed,
                         .when_full = WhenFull::block,
                         .linger = std::chrono::nanoseconds(0),  // who goes does not wait for answers either
                         .patience = options.patience,
                         .name = options.name,
                         .id = *id};
    auto queries = Sender<Asked>::open(uris->out, asking);
    if (!queries) return queries.error();
    return Requester(
        std::make_unique<State>(std::move(*queries), std::move(*answers), std::string(uri), options.executor));
  }

  /// Asks, and waits for the answer as long as `wait` allows.
  Answer<Reply> ask(const Query& query, const Wait& wait = {})
    requires(Message<Query>::fixed)
  {
    return ask_by(wait, [&](EndId responder, const AskHeader& header) {
      return state_->queries().send_to(responder, Asked(header, query), wait);
    });
  }
  /// Asks, and has the answer later: many may be in flight, and come back in any order. Waits as long as `wait` allows
  /// for a responder and for room in its ring; the same limit ends the operation. Cancelling it ends it at once.
  Completion<Answer<Reply>> ask_async(const Query& query, const Wait& wait = {})
    requires(Message<Query>::fixed)
  {
    if (!state_) return failed();
    state_->hand_over_soon();
    return state_->ask_async(wait, [&](EndId responder, const AskHeader& header) {
      return state_->queries().send_to(responder, Asked(header, query), wait);
    });
  }

  /// Room for a query in the ring, to be filled and asked: of a variable message type by its shape.
  Result<QueryDraft<Query>> reserve(const ShapeOf<Query>& shape = {}, const Wait& wait = {}) {
    if (!state_) return moved_from();
    return state_->reserve(shape, wait);
  }
  Answer<Reply> ask(QueryDraft<Query> draft, const Wait& wait = {}) {
    if (!state_) return moved_from();
    if (!state_->takes_answers()) return state_->ask_async(std::move(draft), wait).take();
    return state_->ask(std::move(draft), wait);
  }
  Completion<Answer<Reply>> ask_async(QueryDraft<Query> draft, const Wait& wait = {}) {
    if (!state_) return failed();
    state_->hand_over_soon();
    return state_->ask_async(std::move(draft), wait);
  }

  /// Responders that take queries now.
  std::size_t responders() { return state_ ? state_->responders() : 0; }
  /// Answers that came when nobody waited for them any more.
  std::uint64_t late() const noexcept { return state_ ? state_->late() : 0; }
  /// Of this requester: what a Request says.
  EndId id() const noexcept { return state_ ? state_->id() : EndId{}; }

 private:
  explicit Requester(std::unique_ptr<State> state) : state_(std::move(state)) {}

  template <class Send>
  Answer<Reply> ask_by(const Wait& wait, Send&& send) {
    if (!state_) [[unlikely]]
      return moved_from();
    if (!state_->takes_answers()) [[unlikely]]
      return state_->ask_async(wait, send).take();
    return state_->ask(wait, send);
  }

  static Error moved_from() { return Error(Code::invalid_state, "cannot ask").because("the requester was moved from"); }
  static Completion<Answer<Reply>> failed() {
    Completer<Answer<Reply>> completer;
    completer.complete(moved_from());
    return completer.completion();
  }

  std::unique_ptr<State> state_;
};

}  // namespace psyne::inline v0
