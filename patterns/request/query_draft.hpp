#pragma once

#include <psyne/core/channel/sender.hpp>
#include <psyne/patterns/envelope/envelope.hpp>
#include <psyne/patterns/request/ask_header.hpp>
#include <psyne/patterns/request/responders.hpp>

#include <memory>
#include <utility>

namespace psyne::inline v0 {

/// What a query of fixed size needs to be told when room for it is asked for: nothing.
struct NoShape {};

template <class T, bool fixed = Message<T>::fixed>
struct ShapeFor {
  using type = typename Message<T>::Shape;
};
template <class T>
struct ShapeFor<T, true> {
  using type = NoShape;
};
template <class T>
using ShapeOf = typename ShapeFor<T>::type;

/// A query that is being written in its place in the ring, for the responder whose turn it was. Asked by
/// Requester::ask() or ask_async(), or it never was. As a Draft otherwise, save that it is made only where there is
/// room.
template <class Query>
class [[nodiscard]] QueryDraft {
 public:
  using Asked = Envelope<AskHeader, Query>;
  using Shape = ShapeOf<Query>;

  auto& operator*() noexcept { return draft_->body(); }
  auto* operator->() noexcept { return &draft_->body(); }

 private:
  template <class, class>
  friend class RequesterState;

  QueryDraft(Draft<Asked> draft, std::shared_ptr<KnownResponder> responder)
      : draft_(std::move(draft)), responder_(std::move(responder)) {}

  static Draft<Asked> reserve(Sender<Asked>& queries, EndId responder, const Shape& shape, const Wait& wait) {
    if constexpr (Message<Query>::fixed) {
      return queries.reserve_to(responder, wait);
    } else {
      return queries.reserve_to(responder, {.message = shape}, wait);
    }
  }

  const std::shared_ptr<KnownResponder>& responder() const noexcept { return responder_; }

  Result<void> commit(const AskHeader& header) {
    draft_->set_header(header);
    if constexpr (Message<Query>::fixed) draft_->zero_body_padding();
    return draft_.commit();
  }

  Draft<Asked> draft_;
  std::shared_ptr<KnownResponder> responder_;
};

}  // namespace psyne::inline v0
