#pragma once

#include <psyne/core/channel/received.hpp>
#include <psyne/core/completion/operation_limit.hpp>
#include <psyne/core/completion/result_state.hpp>
#include <psyne/core/task/frame_pool.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace psyne::inline v0 {

template <class T>
class ReceiveQueue;
template <class T>
class OperationList;
template <class T>
class EndedOperations;

/// One asynchronous receive: what its Completion refers to. All it does, its queue does.
template <class T>
class ReceiveOperation final : public ResultState<Received<T>>, private OperationLimit {
 public:
  explicit ReceiveOperation(std::shared_ptr<ReceiveQueue<T>> queue) noexcept : queue_(std::move(queue)) {}

  std::string what() const override { return queue_->what(); }
  WaitEnd wait(Deadline deadline, const StopToken& stop, const Patience& /*patience*/ = {}) override {
    return queue_->wait(*this, deadline, stop);
  }

  static void* operator new(std::size_t bytes) { return take_frame(bytes); }
  static void operator delete(void* operation, std::size_t bytes) noexcept { give_back_frame(operation, bytes); }

 private:
  friend class ReceiveQueue<T>;
  friend class OperationList<T>;
  friend class EndedOperations<T>;

  ~ReceiveOperation() override = default;

  WaitEnd wait_for_others(Deadline deadline, const StopToken& stop) { return CompletionState<>::wait(deadline, stop); }
  void cancel_requested(StopReason reason, std::string text) override {
    queue_->withdraw(*this, stop_error(reason, text, what()));
  }
  void limit_reached() noexcept override { queue_->withdraw(*this, this->error(what())); }
  void unreferenced() noexcept override { queue_->let_go(*this); }

  const std::shared_ptr<ReceiveQueue<T>> queue_;
  ReceiveOperation* next_ = nullptr;  // of the list that it stands in
  ReceiveOperation* previous_ = nullptr;
  ReceiveOperation* next_ended_ = nullptr;
  std::uint64_t turn_ = 0;  // when its message was taken
  bool pending_ = false;    // guarded by the queue's lock
};

/// Receives in their order, linked through themselves. Owns nothing.
template <class T>
class OperationList {
 public:
  using Operation = ReceiveOperation<T>;

  bool empty() const noexcept { return first_ == nullptr; }
  Operation* first() const noexcept { return first_; }
  static Operation* after(const Operation& operation) noexcept { return operation.next_; }

  void push(Operation& operation) noexcept {
    operation.previous_ = last_;
    operation.next_ = nullptr;
    (last_ != nullptr ? last_->next_ : first_) = &operation;
    last_ = &operation;
  }
  /// Before all whose message was taken later. O(those).
  void insert(Operation& operation) noexcept {
    Operation* after = last_;
    while (after != nullptr && after->turn_ > operation.turn_) after = after->previous_;
    operation.previous_ = after;
    operation.next_ = after != nullptr ? after->next_ : first_;
    (after != nullptr ? after->next_ : first_) = &operation;
    (operation.next_ != nullptr ? operation.next_->previous_ : last_) = &operation;
  }
  void remove(Operation& operation) noexcept {
    (operation.previous_ != nullptr ? operation.previous_->next_ : first_) = operation.next_;
    (operation.next_ != nullptr ? operation.next_->previous_ : last_) = operation.previous_;
  }
  /// Null when empty.
  Operation* pop() noexcept {
    Operation* operation = first_;
    if (operation != nullptr) remove(*operation);
    return operation;
  }

 private:
  Operation* first_ = nullptr;
  Operation* last_ = nullptr;
};

/// Operations that have ended, on their way to be told by the thread that ended them, in their order.
template <class T>
class EndedOperations {
 public:
  using Operation = ReceiveOperation<T>;

  bool empty() const noexcept { return first_ == nullptr; }
  Operation* first() const noexcept { return first_; }
  static Operation* after(const Operation& operation) noexcept { return operation.next_ended_; }

  void push(Operation& operation) noexcept {
    operation.next_ended_ = nullptr;
    (last_ != nullptr ? last_->next_ended_ : first_) = &operation;
    last_ = &operation;
  }
  /// Null when empty.
  Operation* pop() noexcept {
    Operation* operation = first_;
    if (operation != nullptr) first_ = operation->next_ended_;
    if (first_ == nullptr) last_ = nullptr;
    return operation;
  }

 private:
  Operation* first_ = nullptr;
  Operation* last_ = nullptr;
};

}  // namespace psyne::inline v0
