#pragma once

#include <psyne/core/channel/receiver.hpp>
#include <psyne/core/channel/sender.hpp>
#include <psyne/patterns/request/ask_header.hpp>
#include <psyne/patterns/request/query_draft.hpp>
#include <psyne/patterns/request/request_options.hpp>
#include <psyne/patterns/survey/survey.hpp>
#include <psyne/patterns/uri/part_uris.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace psyne::inline v0 {

/// Asks a question of all respondents of a name, and takes the answers that come until a deadline. One question at a
/// time: what comes to an earlier one is dropped.
///
/// Used by one thread at a time. Who is asked: all that are there when the question is sent; it waits for the first.
template <class Question, class Reply>
class Surveyor {
  using Asked = Envelope<AskHeader, Question>;
  using Answered = Envelope<AnswerHeader, Reply>;

 public:
  static Result<Surveyor> open(std::string_view uri, const RequesterOptions& options = {}) {
    auto id = EndId::random();
    if (!id) return id.error();
    auto uris = part_uris(uri, {"ask", Message<Question>::fixed}, {"answer", Message<Reply>::fixed});
    if (!uris) return uris.error();
    auto answers = Receiver<Answered>::open(uris->in, {.delivery = Delivery::routed,
                                                       .patience = options.patience,
                                                       .name = options.name,
                                                       .id = *id,
                                                       .tell_closed = true});
    if (!answers) return answers.error();
    SenderOptions asking{.capacity_bytes = options.capacity_bytes,
                         .delivery = Delivery::all,
                         .when_full = WhenFull::block,
                         .linger = std::chrono::nanoseconds(0),
                         .patience = options.patience,
                         .name = options.name,
                         .id = *id};
    auto questions = Sender<Asked>::open(uris->out, asking);
    if (!questions) return questions.error();
    return Surveyor(std::make_unique<Ends>(std::move(*questions), std::move(*answers)), std::string(uri));
  }

  /// Asks all. `wait` is for the whole: for a first respondent, for room, and for the answers.
  Survey<Reply> ask(const Question& question, const Wait& wait)
    requires(Message<Question>::fixed)
  {
    return ask_by(wait, [&](const AskHeader& header) { return ends_->questions.send(Asked(header, question), wait); });
  }
  /// The same for questions of any size: `fill` writes it in its place in the ring.
  template <class Fill, class Kind = Message<Question>>
    requires(!Kind::fixed)
  Survey<Reply> ask(const ShapeOf<Question>& shape, Fill&& fill, const Wait& wait) {
    return ask_by(wait, [&](const AskHeader& header) -> Result<void> {
      auto draft = ends_->questions.reserve({.message = shape}, wait);
      if (!draft) return draft.error();
      draft->set_header(header);
      fill(draft->body());
      return draft.commit();
    });
  }

  /// Respondents that are there now.
  std::size_t respondents() { return ends_ ? ends_->questions.receiver_ids().size() : 0; }
  EndId id() const noexcept { return ends_ ? ends_->questions.id() : EndId{}; }

 private:
  struct Ends {
    Ends(Sender<Asked> asking, Receiver<Answered> answering)
        : questions(std::move(asking)), answers(std::move(answering)) {}
    Sender<Asked> questions;
    Receiver<Answered> answers;
    std::uint64_t numbers = 0;
  };

  Surveyor(std::unique_ptr<Ends> ends, std::string uri)
      : ends_(std::move(ends)), what_("cannot survey " + std::move(uri)) {}

  template <class Send>
  Survey<Reply> ask_by(const Wait& wait, Send&& send) {
    if (!ends_) return Error(Code::invalid_state, "cannot survey").because("the surveyor was moved from");
    auto asked = meet(wait);
    if (!asked) return asked.error();
    const AskHeader header = AskHeader::until(++ends_->numbers, wait.stop.sooner(wait.deadline));
    if (Result<void> sent = send(header); !sent) return sent.error();
    return Survey<Reply>(ends_->answers, what_, header.number, std::move(*asked), wait);
  }

  // Who is there, both ways: a respondent finds us as soon as it is asked.
  Result<std::vector<EndId>> meet(const Wait& wait) {
    for (;;) {
      if (auto come = ends_->questions.wait_for_receiver(wait); !come) return come.error();
      std::vector<EndId> there = ends_->questions.receiver_ids();
      const auto unknown =
          std::ranges::find_if(there, [this](EndId respondent) { return !ends_->answers.has_sender(respondent); });
      if (unknown == there.end()) {
        if (!there.empty()) return there;
        continue;
      }
      while (ends_->answers.try_receive()) {
      }  // answers to what was asked before
      const Deadline soon = Clock::now() + std::chrono::milliseconds(20);
      static_cast<void>(ends_->answers.wait_for_sender(*unknown, Wait(std::min(soon, wait.deadline), wait.stop)));
      if (wait.stop.stop_requested()) return wait.stop.error(what_);
      if (Clock::now() >= wait.deadline) {
        return Error(Code::timed_out, what_).because("the deadline passed before the respondents were met");
      }
    }
  }

  std::unique_ptr<Ends> ends_;
  std::string what_;
};

}  // namespace psyne::inline v0
