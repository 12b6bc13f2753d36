#pragma once

#include <psyne/core/completion/operation_error.hpp>
#include <psyne/patterns/request/request.hpp>

#include <concepts>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace psyne::inline v0 {

/// What may answer queries: takes the Request itself, to answer it when and where it likes, or a view of the query, and
/// returns a Reply, a Result<Reply>, or of vectors what converts to a span of elements.
template <class Callable, class Query, class Reply>
concept AnswersQueries = std::invocable<Callable&, Request<Query, Reply>> ||
                         std::invocable<Callable&, const typename ReadableFor<Query>::type&>;

/// Has `callable` answer one query. What it returns as an Error, or throws, reaches the asker with its words; what one
/// throws that takes the Request is its caller's.
template <class Query, class Reply, AnswersQueries<Query, Reply> Callable>
void answer_by(Callable& callable, const std::shared_ptr<ResponderState<Query, Reply>>& state,
               Received<Envelope<AskHeader, Query>> message) {
  if constexpr (std::invocable<Callable&, Request<Query, Reply>>) {
    callable(Request<Query, Reply>(state, std::move(message)));
  } else if constexpr (!Message<Reply>::fixed) {
    Request<Query, Reply> request(state, std::move(message));
    try {
      static_cast<void>(request.reply(callable(*request)));
    } catch (...) {
      static_cast<void>(request.fail(thrown_error(std::current_exception(), state->what())));
    }
  } else {
    // No request goes out, and nobody is locked out. It is the asker's loss alone when the answer cannot be delivered,
    // and counted.
    const AskHeader asked = message->header().arrived(message.shares_memory());
    const EndId asker = message.sender();
    const auto reply = [&](const Reply& value) {
      const auto alone = state->answering_alone();
      static_cast<void>(state->reply(asker, asked, value));
    };
    const auto fail = [&](const Error& error) {
      const auto alone = state->answering_alone();
      static_cast<void>(state->fail(asker, asked.number, error));
    };
    try {
      auto&& made = callable(message->body());
      if constexpr (std::is_convertible_v<decltype(made), const Reply&>) {
        reply(made);
      } else if (made) {
        reply(*made);
      } else {
        fail(made.error());
      }
    } catch (...) {
      fail(thrown_error(std::current_exception(), state->what()));
    }
  }
}

}  // namespace psyne::inline v0
