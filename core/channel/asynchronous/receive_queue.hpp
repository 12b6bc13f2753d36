#pragma once

#include <psyne/core/channel/asynchronous/driven_queue.hpp>
#include <psyne/core/channel/asynchronous/receive_operation.hpp>
#include <psyne/core/channel/take_front.hpp>
#include <psyne/core/channel/wait.hpp>
#include <psyne/core/completion/completion.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace psyne::inline v0 {

/// The asynchronous receives of one receiver that wait for a message, and the messages that came back.
///
///   receive, idle, close            the receiver's thread
///   next_back, put_back             the owner of the lanes
///   withdraw, let_go                any thread
///
/// Who looks after them says DrivenQueue: everyone who comes by gives what is there to those who wait, in their order.
///
/// A receive leaves the list under the lock, with its result; so of a message, a cancellation, a stop, a deadline and
/// the end of the receiver exactly one ends it, and no message is taken for one that has ended.
///
/// It is told without the lock, and until then its user may have dropped it: that message comes back, in the order of
/// the lanes, and must not be overtaken by a later one. So it stays in `untold_`, where whoever looks for a message
/// sees that only the teller refers to it, and takes it from there; and the teller lets go of it under the lock again.
template <class T>
class ReceiveQueue final : public DrivenQueue<ReceiveQueue<T>, ReceiveOperation<T>> {
  using Base = DrivenQueue<ReceiveQueue, ReceiveOperation<T>>;

 public:
  using State = ReceiverState<RecordsOf<T>>;
  using Operation = ReceiveOperation<T>;
  /// Whether nobody is to be given this, a message or an error of a sender. Called under the queue's lock.
  using PassesOver = std::function<bool(const Received<T>&)>;

  /// Errors: exhausted.
  static Result<std::shared_ptr<ReceiveQueue>> make(State& state, PassesOver passes_over = {}) {
    auto service = Service::with_callbacks();
    if (!service) return service.error();
    return std::shared_ptr<ReceiveQueue>(new ReceiveQueue(**service, state, std::move(passes_over)));
  }

  /// Another one at the end.
  Completion<Received<T>> receive(const Wait& wait) {
    auto* operation = new Operation(this->shared_from_this());
    Completion<Received<T>> completion(operation);
    Ended ended;
    {
      const std::lock_guard lock(mutex_);
      operation->retain();
      operation->pending_ = true;
      pending_.push(*operation);
      lent_ = true;
      serve_and_leave(ended);
    }
    tell(ended);
    if (!completion.test()) operation->set(this->service(), wait.deadline, wait.stop);
    return completion;
  }

  /// Takes the lanes back, for who receives otherwise; false when receives are pending.
  bool idle() {
    bool is_idle = false;
    Ended ended;
    {
      const std::lock_guard lock(mutex_);
      drop_abandoned(ended);
      is_idle = pending_.empty();
      if (is_idle) {
        reclaim();
        take_lanes_back();
        if (!untold_.empty()) state_->call(being_told);
        state_->awake();  // from arm()
      }
    }
    tell(ended);
    wait_for_driver();
    return is_idle;
  }

  /// A message that came back, to be given before those in the lanes. While idle().
  std::optional<Received<T>> next_back() {
    const std::lock_guard lock(mutex_);
    reclaim();
    std::uint64_t turn = 0;
    return take_back(turn);
  }

  /// One that next_back() gave, to be given again. While idle().
  void put_back(Received<T> message) {
    const std::lock_guard lock(mutex_);
    lay_back(std::move(message), 0);
  }

  /// The receiver goes: what is pending ends with Code::closed, and nobody looks at the lanes any more.
  void close() {
    Ended ended;
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
      lent_ = false;
      end_all(Error(Code::closed, what_).because("its receiver has gone"), ended);
      while (Operation* operation = back_.pop()) delete operation;
    }
    this->unwatch();
    tell(ended);
    wait_for_driver();
  }

  void withdraw(Operation& operation, Error error) noexcept {
    if (forked()) return;
    Ended ended;
    {
      const std::lock_guard lock(mutex_);
      if (!operation.pending_) return;
      pending_.remove(operation);
      end(operation, std::move(error), ended);
      serve_and_leave(ended);
    }
    tell(ended);
  }

  /// Nobody refers to it any more. A message that nobody saw comes back.
  void let_go(Operation& operation) noexcept {
    if (forked()) return;
    const auto own = this->shared_from_this();  // the operation's may be the last but this
    Ended ended;
    {
      const std::lock_guard lock(mutex_);
      if (keep(operation)) {
        serve_and_leave(ended);
      } else {
        delete &operation;
      }
    }
    tell(ended);
  }

 private:
  friend Base;
  using Ended = typename Base::Ended;  // with their results, to be told when the lock has been given back
  using Operations = OperationList<Operation>;
  using Base::bell;
  using Base::closed_;
  using Base::forked;
  using Base::lent_;
  using Base::mutex_;
  using Base::wait_for_driver;
  using Base::what_;

  ReceiveQueue(Service& service, State& state, PassesOver passes_over)
      : Base(service, state.end().bell(), "cannot receive from " + state.end().uri(), state.end().settings().patience),
        state_(&state),
        passes_over_(std::move(passes_over)) {}

  // All below, save tell: under the lock.

  bool waits() const noexcept { return !pending_.empty(); }
  bool waits(const Operation& operation) const noexcept { return operation.pending_; }
  bool announce(Ended& /*ended*/) { return state_->rest(); }
  void announced() noexcept { state_->call(lent); }
  void leave_lanes() {
    if (untold_.empty()) take_lanes_back();
  }

  void serve(Ended& ended) {
    if (!lent_) return;
    state_->awake();
    reclaim();
    while (Operation* first = pending_.first()) {
      std::optional<Received<T>> outcome;
      if (first->abandoned()) {
        outcome = Received<T>(Code::cancelled);
      } else {
        outcome = next(first->turn_);
      }
      if (!outcome) return;
      pending_.remove(*first);
      end(*first, *std::move(outcome), ended);
    }
  }

  void serve_and_leave(Ended& ended) {
    serve(ended);
    if (!lent_) return;
    if (this->driven()) return bell().ring();
    this->rest_on_service(ended);
  }

  // What is to be given now, if anything is, and when it was taken from its lane.
  std::optional<Received<T>> next(std::uint64_t& turn) {
    if (auto back = take_back(turn)) return back;
    turn = ++turns_;
    for (;;) {
      auto lane = state_->look();
      if (!lane && lane.error() == Code::would_block) return std::nullopt;
      Received<T> found = lane ? take_front<T>(*state_, **lane) : Received<T>(lane.error());
      if (!passes_over_ || !passes_over_(found)) return found;
    }
  }

  std::optional<Received<T>> take_back(std::uint64_t& turn) {
    Operation* operation = back_.pop();
    if (operation == nullptr) return std::nullopt;
    Received<T> message = operation->take();
    turn = operation->turn_;
    delete operation;
    if (back_.empty()) state_->dismiss(came_back);
    return message;
  }

  // Whether a message of an operation to which nobody refers any more, unseen by anybody, has come back.
  bool keep(Operation& operation) noexcept {
    if (closed_ || operation.status() != CompletionStatus::completed || operation.seen()) return false;
    back_.insert(operation);
    call_back();
    return true;
  }

  void lay_back(Received<T> message, std::uint64_t turn) {
    auto* operation = new Operation(this->shared_from_this());
    operation->turn_ = turn;
    operation->settle(std::move(message));
    back_.insert(*operation);
    call_back();
  }

  void call_back() noexcept {
    state_->call(came_back);
    bell().ring();  // the receiver's thread may be asleep in receive()
  }

  // The messages of those that were dropped before they were told.
  void reclaim() {
    for (Operation* operation = untold_.first(); operation != nullptr; operation = Operations::after(*operation)) {
      if (!operation->abandoned() || operation->seen()) continue;
      if (Received<T> message = operation->take()) lay_back(std::move(message), operation->turn_);
    }
  }

  void take_lanes_back() {
    if (!lent_) return;
    lent_ = false;
    state_->awake();
    if ((state_->attention() & lent) != 0) state_->dismiss(lent);
  }

  void end(Operation& operation, Received<T> outcome, Ended& ended) noexcept {
    operation.pending_ = false;
    operation.settle(std::move(outcome));
    untold_.push(operation);
    ended.push(operation);
  }

  void end_all(const Error& error, Ended& ended) {
    while (Operation* operation = pending_.pop()) end(*operation, error, ended);
  }

  void drop_abandoned(Ended& ended) {
    for (Operation* operation = pending_.first(); operation != nullptr;) {
      Operation* after = Operations::after(*operation);
      if (operation->abandoned()) {
        pending_.remove(*operation);
        end(*operation, Error(Code::cancelled), ended);
      }
      operation = after;
    }
  }

  // Without the lock: subscribers are called. In the end this may be gone with the last operation.
  void tell(Ended& ended) noexcept {
    while (!ended.empty()) {
      for (Operation* operation = ended.first(); operation != nullptr; operation = Ended::after(*operation)) {
        operation->clear();
        operation->tell();
      }
      Ended more;
      Ended forgotten;
      {
        const std::lock_guard lock(mutex_);
        bool kept = false;
        while (Operation* operation = ended.pop()) {
          untold_.remove(*operation);
          if (!operation->drop()) continue;
          if (keep(*operation)) {
            kept = true;
          } else {
            forgotten.push(*operation);
          }
        }
        if (kept) serve_and_leave(more);
        told();
      }
      while (Operation* operation = forgotten.pop()) delete operation;
      ended = more;
    }
  }

  void told() noexcept {
    if (closed_ || !untold_.empty()) return;
    if (pending_.empty()) take_lanes_back();
    if ((state_->attention() & being_told) != 0) state_->dismiss(being_told);
  }

  State* const state_;  // until closed_
  const PassesOver passes_over_;

  // Under the lock.
  Operations pending_;       // one reference each
  Operations untold_;        // have ended; their tellers refer to them
  Operations back_;          // nobody refers to them; each holds a message
  std::uint64_t turns_ = 0;  // messages taken
};

}  // namespace psyne::inline v0
