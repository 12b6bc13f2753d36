#pragma once

namespace psyne::inline v0 {

/// Operations in their order, linked through themselves. Owns nothing.
template <class Operation>
class OperationList {
 public:
  bool empty() const noexcept { return first_ == nullptr; }
  Operation* first() const noexcept { return first_; }
  Operation* last() const noexcept { return last_; }
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
template <class Operation>
class EndedOperations {
 public:
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
