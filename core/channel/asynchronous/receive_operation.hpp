#pragma once

#include <psyne/core/channel/asynchronous/driven_queue.hpp>
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
  friend class DrivenQueue<ReceiveQueue<T>, ReceiveOperation>;
  friend class OperationList<ReceiveOperation>;
  friend class EndedOperations<ReceiveOperation>;

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

}  // namespace psyne::inline v0
