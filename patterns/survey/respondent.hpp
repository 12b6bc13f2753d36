#pragma once

#include <psyne/patterns/request/responder.hpp>

#include <memory>
#include <string_view>
#include <utility>

namespace psyne::inline v0 {

/// Answers the questions of every surveyor of a name: see Surveyor. A responder otherwise, whose questions go to all of
/// its kind. One that comes later may find questions that others have not taken yet; those whose time is over are
/// skipped.
template <class Question, class Reply>
class Respondent : private Responder<Question, Reply> {
  using Own = Responder<Question, Reply>;

 public:
  static Result<Respondent> open(std::string_view uri, const ResponderOptions& options = {}) {
    auto state = Own::open_state(uri, options, Delivery::all);
    if (!state) return state.error();
    return Respondent(std::move(*state));
  }

  using Own::counters;
  using Own::id;
  using Own::on_request;
  using Own::receive;
  using Own::receive_async;
  using Own::serve;
  using Own::try_receive;
  using Own::wait_set_entry;
  /// Surveyors that are there now, as far as they have been taken in.
  std::size_t surveyors() const noexcept { return this->requesters(); }

 private:
  explicit Respondent(std::shared_ptr<ResponderState<Question, Reply>> state) noexcept : Own(std::move(state)) {}
};

}  // namespace psyne::inline v0
