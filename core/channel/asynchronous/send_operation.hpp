#pragma once

#include <psyne/core/atomics/step.hpp>
#include <psyne/core/channel/asynchronous/driven_queue.hpp>
#include <psyne/core/channel/draft.hpp>
#include <psyne/core/channel/sender_state.hpp>
#include <psyne/core/completion/operation_limit.hpp>
#include <psyne/core/completion/result_state.hpp>
#include <psyne/core/copy/copy.hpp>
#include <psyne/core/lane/lent_records.hpp>
#include <psyne/core/message/fields/padding.hpp>
#include <psyne/core/task/frame_pool.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace psyne::inline v0 {

template <class Records>
class SendQueue;

/// One asynchronous send: what its Completion refers to. All it does, its queue does.
template <class Records>
class SendOperation : public ResultState<void>, private OperationLimit, private LentRecord {
 public:
  using Queue = SendQueue<Records>;
  using State = SenderState<Records>;

  ~SendOperation() override = default;
  SendOperation(const SendOperation&) = delete;
  SendOperation& operator=(const SendOperation&) = delete;

  std::string what() const override { return queue_->what(); }
  WaitEnd wait(Deadline deadline, const StopToken& stop, const Patience& /*patience*/ = {}) override {
    return queue_->wait(*this, deadline, stop);
  }

  static void* operator new(std::size_t bytes) { return take_frame(bytes); }
  static void operator delete(void* operation, std::size_t bytes) noexcept { give_back_frame(operation, bytes); }

 protected:
  explicit SendOperation(std::shared_ptr<Queue> queue) noexcept : queue_(std::move(queue)) {}
  /// Commits it where room was found; or lends it, see lend().
  virtual void put(State& state, std::byte* place) = 0;
  virtual std::uint64_t bytes() const noexcept = 0;
  /// The program's memory is not read any more when this returns. While it waits for room.
  virtual void keep_payload() {}

  void lend(LaneWriter<Records>& writer, std::span<const std::byte> payload) noexcept {
    lender_ = &writer;
    writer.lend(payload, *this);
  }

 private:
  friend class SendQueue<Records>;
  friend class DrivenQueue<SendQueue<Records>, SendOperation>;
  friend class OperationList<SendOperation>;
  friend class EndedOperations<SendOperation>;

  /// Which list of its queue it stands in.
  enum class Stage : std::uint8_t { pending, under_way, ended };

  WaitEnd wait_for_others(Deadline deadline, const StopToken& stop) { return CompletionState<>::wait(deadline, stop); }
  void cancel_requested(StopReason reason, std::string text) override {
    queue_->withdraw(*this, [&] { return stop_error(reason, text, what()); });
  }
  void limit_reached() noexcept override { queue_->limit_reached(*this); }
  void unreferenced() noexcept override { queue_->let_go(*this); }
  void returned() noexcept override { queue_->returned(*this); }

  const std::shared_ptr<Queue> queue_;
  SendOperation* next_ = nullptr;  // of the list that it stands in
  SendOperation* previous_ = nullptr;
  SendOperation* next_ended_ = nullptr;
  LaneWriter<Records>* lender_ = nullptr;

  // Guarded by the queue's lock.
  Stage stage_ = Stage::pending;
  bool forsaken_ = false;  // nobody refers to it any more: it is the queue's alone
  bool untold_ = false;    // it has ended while its last reference went
};

/// Of a message of fixed size, which it holds.
template <class T>
class FixedSend final : public SendOperation<RecordsOf<T>> {
  using Base = SendOperation<RecordsOf<T>>;

 public:
  FixedSend(std::shared_ptr<typename Base::Queue> queue, const T& value) noexcept : Base(std::move(queue)) {
    copy_without_padding(value_.data(), value);
  }

 private:
  ~FixedSend() override = default;
  std::uint64_t bytes() const noexcept override { return sizeof(T); }
  void put(typename Base::State& state, std::byte* place) override {
    step_within(place, value_.data(), sizeof(T));
    copy_in(place, value_.data(), sizeof(T));
    state.commit(sizeof(T));
  }

  std::array<std::byte, sizeof(T)> value_;
};

/// Of elements, which the program lends.
template <class T>
class ElementsSend final : public SendOperation<RecordsOf<T>> {
  using Base = SendOperation<RecordsOf<T>>;

 public:
  ElementsSend(std::shared_ptr<typename Base::Queue> queue, std::span<const std::byte> elements) noexcept
      : Base(std::move(queue)), elements_(elements) {}

 private:
  ~ElementsSend() override = default;
  std::uint64_t bytes() const noexcept override { return elements_.size(); }
  void put(typename Base::State& state, std::byte* /*place*/) override {
    if (elements_.size() > state.plain()) {
      if (const std::uint64_t packed = state.pack(elements_)) return state.commit_packed(packed, elements_.size());
    } else if (kept_.empty() && state.writer().lends(elements_.size())) {
      this->lend(state.writer(), elements_);
      return state.count(1, elements_.size());
    }
    state.send(elements_);
  }
  void keep_payload() override {
    kept_.assign(elements_.begin(), elements_.end());
    elements_ = kept_;
  }

  std::span<const std::byte> elements_;
  std::vector<std::byte> kept_;
};

}  // namespace psyne::inline v0
