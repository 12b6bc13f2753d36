#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/completion/completion_state.hpp>
#include <psyne/core/park/parker.hpp>
#include <psyne/core/stop/wait_or_stop.hpp>

#include <cstddef>
#include <deque>
#include <utility>

namespace psyne::inline v0 {

/// The operations of a set in the order in which they finish, by one subscription each and without polling.
///
///   add, next, waiting    one thread at a time
///
/// Finished operations push themselves on a stack that the waiting thread takes as a whole and turns around. Does not
/// keep the operations: their owner does, until this has gone.
template <class Atomics = StandardAtomics>
class Arrivals {
 public:
  using State = CompletionState<Atomics>;

  Arrivals() noexcept = default;
  Arrivals(const Arrivals&) = delete;
  Arrivals& operator=(const Arrivals&) = delete;
  ~Arrivals() {
    for (Entry& entry : entries_) {
      if (entry.subscribed) entry.state->unsubscribe(entry);
    }
  }

  /// Another one to wait for, known by `number`. One that has finished arrives at once.
  void add(State& state, std::size_t number) {
    Entry& entry = entries_.emplace_back(*this, state, number);
    ++waiting_;
    entry.subscribed = state.subscribe(entry);
    if (!entry.subscribed) push(entry);
  }

  /// How many have not been given out by next().
  std::size_t waiting() const noexcept { return waiting_; }

  /// Waits until another one has finished and puts its number in `number`. Only while some are waiting.
  WaitEnd next(std::size_t& number, Deadline deadline, const BasicStopToken<Atomics>& stop,
               const Patience& patience = {}) {
    const auto arrived = [this] { return first_ != nullptr || stack_.load(std::memory_order_acquire) != nullptr; };
    const WaitEnd end = wait_or_stop(parker_, arrived, deadline, stop, patience);
    if (end != WaitEnd::ready) return end;
    if (first_ == nullptr) take_stack();
    number = std::exchange(first_, first_->next_arrived)->number;
    --waiting_;
    return end;
  }

 private:
  struct Entry : EventSubscriber {
    Entry(Arrivals& own, State& operation, std::size_t place) noexcept
        : EventSubscriber([](EventSubscriber& self) noexcept {
            auto& entry = static_cast<Entry&>(self);
            entry.owner->push(entry);
          }),
          owner(&own),
          state(&operation),
          number(place) {}

    Arrivals* owner;
    State* state;
    std::size_t number;
    Entry* next_arrived = nullptr;
    bool subscribed = false;
  };

  void push(Entry& entry) noexcept {
    Entry* top = stack_.load(std::memory_order_relaxed);
    do {
      entry.next_arrived = top;
    } while (!stack_.compare_exchange_weak(top, &entry, std::memory_order_release, std::memory_order_relaxed));
    parker_.wake();
  }

  void take_stack() noexcept {
    Entry* last = stack_.exchange(nullptr, std::memory_order_acquire);
    while (last != nullptr) {
      Entry* before = std::exchange(last->next_arrived, first_);
      first_ = std::exchange(last, before);
    }
  }

  std::deque<Entry> entries_;  // stay where they are
  std::size_t waiting_ = 0;
  Entry* first_ = nullptr;  // taken from the stack, not yet given out
  typename Atomics::template Atomic<Entry*> stack_{nullptr};
  Parker<Atomics> parker_;
};

}  // namespace psyne::inline v0
