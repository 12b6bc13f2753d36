#pragma once

#include <psyne/core/channel/asynchronous/subscription.hpp>
#include <psyne/core/completion/completer.hpp>
#include <psyne/patterns/request/answer_by.hpp>
#include <psyne/patterns/request/request.hpp>
#include <psyne/patterns/request/request_operation.hpp>
#include <psyne/patterns/uri/part_uris.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace psyne::inline v0 {

/// Answers queries of type Query with replies of type Reply: see Requester. Several responders may answer under one
/// name.
///
/// Queries are taken in line (receive, serve), handed to a callback (on_request) or awaited (receive_async).
///
/// Used by one thread at a time; the requests that it gives out by any. A requester that dies is no error here: its
/// queries are answered in vain, and counted. Destroying it fails what is not answered yet, also what its requests
/// still hold, with Code::closed.
template <class Query, class Reply>
class Responder {
  using State = ResponderState<Query, Reply>;
  using Asked = typename State::Asked;
  using View = typename ReadableFor<Query>::type;

 public:
  /// `uri`: memory://name, ipc://name, tcp://*:port, ... Neither side needs to be there first.
  static Result<Responder> open(std::string_view uri, const ResponderOptions& options = {}) {
    auto state = open_state(uri, options, Delivery::routed);
    if (!state) return state.error();
    return Responder(std::move(*state));
  }

  Responder(Responder&&) noexcept = default;
  Responder& operator=(Responder&& other) noexcept {
    Responder gone(std::move(*this));
    state_ = std::move(other.state_);
    return *this;
  }
  ~Responder() {
    if (state_) state_->close();
  }

  /// The next query that somebody waits for. Errors: timed_out, stopped, invalid_state, exhausted, forked.
  Request<Query, Reply> receive(const Wait& wait = {}) {
    if (!state_) return moved_from();
    auto message = state_->next(wait);
    if (!message) return message.error();
    return {state_, std::move(message)};
  }
  /// would_block when there is none now.
  Request<Query, Reply> try_receive() {
    if (!state_) return moved_from();
    auto message = state_->next_now();
    if (!message) return message.error();
    return {state_, std::move(message)};
  }

  /// The next query once it is there, for `co_await`, wait_any, on_complete; `wait` ends it with timed_out or stopped.
  /// As Receiver::receive_async: several may be pending, each gets one; while one is, the calls that receive otherwise
  /// are invalid_state; one that was cancelled, or to which nobody refers any more, takes no query. A query that it got
  /// and nobody looked at is one that goes unanswered: its asker is told.
  Completion<Request<Query, Reply>> receive_async(const Wait& wait = {}) {
    if (!state_) return failed();
    return RequestOperation<Query, Reply>::start(state_, wait);
  }

  /// Answers every query by `callable`, one at a time and in order, until the subscription is stopped or goes: as
  /// Receiver::on_message, which says where it runs, what it may do, and the errors. It takes what serve() takes; what
  /// it throws ends the subscription where it takes a Request, and reaches the asker otherwise.
  template <AnswersQueries<Query, Reply> Callable>
  Result<Subscription> on_request(Callable callable, SubscriptionOptions options = {}) {
    if (!state_) return moved_from();
    return state_->queries().on_message(
        [elsewhere = AnsweringElsewhere<State>(state_),
         callable = std::move(callable)](Received<Asked> message) mutable {
          const std::shared_ptr<State> state = elsewhere.state();  // the responder may go meanwhile
          if (!state->passes_over(message)) answer_by(callable, state, std::move(message));
        },
        std::move(options));
  }

  /// Answers every query by `callable` until the token stops (success) or the deadline passes (timed_out). It is given
  /// the query and returns a Reply, a Result<Reply>, or of vectors what converts to a span of elements; what it throws,
  /// or returns as an Error, reaches the asker with its words. Or it takes a Request<Query, Reply>, to answer it when
  /// and where it likes.
  template <class Callable>
  Result<void> serve(Callable&& callable, const Wait& wait = {}) {
    if (!state_) return moved_from();
    for (;;) {
      auto message = state_->next(wait);
      if (!message) {
        if (message.error() == Code::stopped) return {};
        return message.error();
      }
      answer_by(callable, state_, std::move(message));
    }
  }

  /// Requesters that are there now, as far as they have been taken in.
  std::size_t requesters() const noexcept { return state_ ? state_->requesters() : 0; }
  ResponderCounters counters() const noexcept { return state_ ? state_->counters() : ResponderCounters{}; }
  /// For WaitSet::add.
  Result<WaitSetEntry> wait_set_entry() {
    if (!state_) return moved_from();
    return state_->wait_set_entry();
  }
  /// Of this responder: what an Answer says.
  EndId id() const noexcept { return state_ ? state_->id() : EndId{}; }

 protected:
  explicit Responder(std::shared_ptr<State> state) : state_(std::move(state)) {}

  /// `asking`: how queries are delivered.
  static Result<std::shared_ptr<State>> open_state(std::string_view uri, const ResponderOptions& options,
                                                   Delivery asking) {
    auto id = EndId::random();
    if (!id) return id.error();
    auto uris = part_uris(uri, {"answer", Message<Reply>::fixed}, {"ask", Message<Query>::fixed});
    if (!uris) return uris.error();
    SenderOptions answering{.capacity_bytes = options.capacity_bytes,
                            .delivery = Delivery::routed,
                            .when_full = WhenFull::block,
                            .patience = options.patience,
                            .name = options.name,
                            .id = *id};
    auto answers = Sender<typename State::Answered>::open(uris->out, answering);
    if (!answers) return answers.error();
    auto queries = Receiver<Asked>::open(
        uris->in,
        {.delivery = asking, .patience = options.patience, .wait_for_senders = true, .name = options.name, .id = *id});
    if (!queries) return queries.error();
    return std::make_shared<State>(std::move(*queries), std::move(*answers), std::string(uri), options.reply_within);
  }

 private:
  static Error moved_from() {
    return Error(Code::invalid_state, "cannot answer").because("the responder was moved from");
  }
  static Completion<Request<Query, Reply>> failed() {
    Completer<Request<Query, Reply>> completer;
    completer.complete(moved_from());
    return completer.completion();
  }

  std::shared_ptr<State> state_;
};

}  // namespace psyne::inline v0
