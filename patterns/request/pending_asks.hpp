#pragma once

#include <psyne/core/completion/operation_limit.hpp>
#include <psyne/core/completion/result_state.hpp>
#include <psyne/patterns/request/answer.hpp>
#include <psyne/patterns/request/failure_text.hpp>
#include <psyne/patterns/request/responders.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace psyne::inline v0 {

template <class Reply>
class PendingAsks;

/// One asynchronous ask: what its Completion refers to.
template <class Reply>
class AskOperation final : public ResultState<Answer<Reply>>, private OperationLimit {
 public:
  AskOperation(std::shared_ptr<PendingAsks<Reply>> asks, std::uint64_t number,
               std::shared_ptr<KnownResponder> responder)
      : asks_(std::move(asks)), number_(number), responder_(std::move(responder)) {}

  std::string what() const override { return asks_->what(); }
  EndId responder() const noexcept { return responder_->id; }
  using OperationLimit::set;

 private:
  friend class PendingAsks<Reply>;

  ~AskOperation() override = default;

  void cancel_requested(StopReason reason, std::string text) override {
    asks_->withdraw(number_, stop_error(reason, text, what()));
  }
  void limit_reached() noexcept override { asks_->withdraw(number_, this->error(what())); }

  // By whoever took it out of the table. This may be gone afterwards.
  void end(Answer<Reply> outcome) noexcept {
    this->clear();
    responder_->in_flight.fetch_sub(1, std::memory_order_relaxed);
    this->complete(std::move(outcome));
    this->release();
  }

  const std::shared_ptr<PendingAsks<Reply>> asks_;
  const std::uint64_t number_;
  const std::shared_ptr<KnownResponder> responder_;
  FailureText failure_;  // of who receives answers
};

/// The asynchronous asks of one requester that wait for an answer, by their numbers, and the responders that can give
/// one.
///
///   add, forget                          the requester's thread
///   meet, answered, part, withdraw, end  any thread
///
/// Whoever takes an operation out of the table ends it, without the lock, since subscribers may run users' code. An ask
/// is added before its query is sent and only while its responder is known to be there; who sees a responder go removes
/// it under the same lock and fails its asks: so none is left waiting for one that is gone.
template <class Reply>
class PendingAsks {
 public:
  using Operation = AskOperation<Reply>;

  explicit PendingAsks(std::string what) : what_(std::move(what)) {}

  const std::string& what() const noexcept { return what_; }

  /// That responder answers.
  void meet(EndId responder) {
    const std::lock_guard lock(mutex_);
    present_.push_back(responder);
  }
  bool met(EndId responder) const {
    const std::lock_guard lock(mutex_);
    return std::ranges::find(present_, responder) != present_.end();
  }

  /// False when its responder is gone. Holds a reference from then on.
  bool add(Operation& operation) {
    const std::lock_guard lock(mutex_);
    if (std::ranges::find(present_, operation.responder()) == present_.end()) return false;
    pending_.emplace(operation.number_, &operation);
    operation.retain();
    operation.responder_->in_flight.fetch_add(1, std::memory_order_relaxed);
    return true;
  }
  /// Its query was not sent, and its completion has gone.
  void forget(std::uint64_t number) {
    if (Operation* operation = take(number)) {
      operation->responder_->in_flight.fetch_sub(1, std::memory_order_relaxed);
      operation->release();
    }
  }
  bool empty() const {
    const std::lock_guard lock(mutex_);
    return pending_.empty();
  }

  /// An answer came. False when nobody waits for it any more.
  bool answered(Received<Envelope<AnswerHeader, Reply>> message) {
    const AnswerHeader header = message->header();
    Operation* operation = nullptr;
    {
      const std::lock_guard lock(mutex_);
      const auto found = pending_.find(header.number);
      // Only who was asked may answer.
      if (found == pending_.end() || found->second->responder() != message.sender()) return false;
      operation = found->second;
      if (header.holds_text() && !operation->failure_.take(header, message->text())) return true;
      pending_.erase(found);
    }
    if (header.holds_text()) {
      operation->end(operation->failure_.error(what_, message.who()));
    } else {
      operation->end(Answer<Reply>(std::move(message)));
    }
    return true;
  }

  /// Of the responders, those are gone that `is_here` does not know: their asks fail for the reason of `error`.
  template <class IsHere>
  void part(IsHere&& is_here, const Error& error) {
    std::vector<Operation*> left;
    {
      const std::lock_guard lock(mutex_);
      std::erase_if(present_, [&](EndId responder) { return !is_here(responder); });
      take_if(left, [&](const Operation& operation) {
        return std::ranges::find(present_, operation.responder()) == present_.end();
      });
    }
    for (Operation* operation : left) operation->end(gone(error));
  }

  /// What an ask ends with whose responder has gone.
  Error gone(const Error& error) const {
    return Error(error.code(), what_)
        .peer(std::string(error.peer()))
        .because(error == Code::closed ? "it closed before it had answered" : "it is gone, and had not answered")
        .mend("Ask again: another responder may answer, or this one when it is back.");
  }

  void withdraw(std::uint64_t number, Error error) noexcept {
    if (Operation* operation = take(number)) operation->end(std::move(error));
  }

  /// The requester goes.
  void end() {
    std::vector<Operation*> left;
    {
      const std::lock_guard lock(mutex_);
      present_.clear();
      take_if(left, [](const Operation&) { return true; });
    }
    for (Operation* operation : left) operation->end(Error(Code::closed, what_).because("its requester has gone"));
  }

 private:
  // Null when it has ended.
  Operation* take(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    const auto found = pending_.find(number);
    if (found == pending_.end()) return nullptr;
    Operation* operation = found->second;
    pending_.erase(found);
    return operation;
  }

  template <class Condition>
  void take_if(std::vector<Operation*>& taken, Condition condition) {
    std::erase_if(pending_, [&](const auto& entry) {
      if (!condition(*entry.second)) return false;
      taken.push_back(entry.second);
      return true;
    });
  }

  const std::string what_;
  mutable std::mutex mutex_;  // guards all below
  std::vector<EndId> present_;
  std::unordered_map<std::uint64_t, Operation*> pending_;  // one reference each
};

}  // namespace psyne::inline v0
