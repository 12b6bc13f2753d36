#pragma once

#include <psyne/core/channel/receiver.hpp>
#include <psyne/patterns/request/answer.hpp>
#include <psyne/patterns/request/failure_text.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace psyne::inline v0 {

/// The answers to one question, as they come: one of each who was asked, until all have answered or the time is over.
/// Of its surveyor's thread; it goes before the surveyor does, and asking anew ends it.
///
///   for (auto& answer : survey) if (answer) use(*answer);
template <class Reply>
class [[nodiscard]] Survey {
 public:
  using Answered = Envelope<AnswerHeader, Reply>;

  /// A failed one.
  Survey(Error error) : status_(std::move(error)) {}  // NOLINT(google-explicit-constructor)
  Survey(Receiver<Answered>& answers, std::string what, std::uint64_t number, std::vector<EndId> asked, Wait wait)
      : answers_(&answers),
        what_(std::move(what)),
        number_(number),
        asked_(asked.size()),
        waiting_(std::move(asked)),
        wait_(std::move(wait)) {}

  /// The next answer, which may be a failure: what the respondent's code failed with, or peer_lost, closed when it went
  /// without an answer. Nothing when it is over.
  std::optional<Answer<Reply>> next() {
    for (;;) {
      if (!lost_.empty()) return lost();
      if (waiting_.empty()) return std::nullopt;
      auto message = answers_->receive(wait_);
      if (!message) {
        if (ends(message.error())) return std::nullopt;
        take_out_lost(message.error());
        continue;
      }
      const AnswerHeader header = message->header();
      if (header.number != number_ || !waits_for(message.sender())) continue;
      const EndId respondent = message.sender();
      if (!header.holds_text()) {
        std::erase(waiting_, respondent);
        ++answered_;
        return Answer<Reply>(std::move(message));
      }
      FailureText& failure = failures_[respondent];
      if (!failure.take(header, message->text())) continue;
      std::erase(waiting_, respondent);
      return Answer<Reply>(failure.error(what_, message.who()));
    }
  }

  /// Who was asked, and how many of them have answered so far, failures left aside.
  std::size_t asked() const noexcept { return asked_; }
  std::size_t answered() const noexcept { return answered_; }
  /// Once it is over: fine where all have answered, failed or gone. Errors: timed_out, stopped, those of asking.
  const Result<void>& status() const noexcept { return status_; }

  class Iterator {
   public:
    using value_type = Answer<Reply>;
    using difference_type = std::ptrdiff_t;

    explicit Iterator(Survey& survey) : survey_(&survey), answer_(survey.next()) {}
    Answer<Reply>& operator*() noexcept { return *answer_; }
    Iterator& operator++() {
      answer_.reset();  // its place goes back before the next is waited for
      answer_ = survey_->next();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const noexcept { return !answer_; }

   private:
    Survey* survey_;
    std::optional<Answer<Reply>> answer_;
  };
  Iterator begin() { return Iterator(*this); }
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  bool waits_for(EndId respondent) const { return std::ranges::find(waiting_, respondent) != waiting_.end(); }

  bool ends(const Error& error) {
    switch (error.code()) {
      case Code::timed_out:
        status_ = Error(Code::timed_out, what_)
                      .because(std::to_string(waiting_.size()) + " of " + std::to_string(asked_) +
                               " had not answered at the deadline");
        return true;
      case Code::stopped:
      case Code::invalid_state:
      case Code::exhausted:
      case Code::forked: status_ = error; return true;
      default: return false;
    }
  }

  void take_out_lost(const Error& error) {
    std::erase_if(waiting_, [&](EndId respondent) {
      if (answers_->has_sender(respondent)) return false;
      lost_.push_back(
          Error(error.code(), what_).peer(std::string(error.peer())).because("it went, and had not answered"));
      return true;
    });
  }
  Answer<Reply> lost() {
    Error error = std::move(lost_.back());
    lost_.pop_back();
    return error;
  }

  Receiver<Answered>* answers_ = nullptr;
  std::string what_;
  std::uint64_t number_ = 0;
  std::size_t asked_ = 0;
  std::size_t answered_ = 0;
  std::vector<EndId> waiting_;
  std::vector<Error> lost_;
  std::map<EndId, FailureText> failures_;
  Wait wait_;
  Result<void> status_;
};

}  // namespace psyne::inline v0
