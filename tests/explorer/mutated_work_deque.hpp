#pragma once

#include <array>
#include <cstddef>

#include <explorer/atomics.hpp>

namespace psyne::explorer {

/// What a WorkDeque could get wrong.
enum class WorkDequeBug : std::uint8_t {
  none,
  last_without_asking,     ///< the owner takes the last item as it takes others
  looks_before_it_takes,   ///< the owner looks at the other end before it takes its own back
  stays_taken_back,        ///< the owner does not restore its end when the last item was taken by a thief
  thieves_store,           ///< a thief moves its end on by a store
  thieves_look_late,       ///< a thief looks at the slot after it moved its end on
  thieves_look_at_bottom,  ///< a thief looks at the owner's end before its own
  one_too_many,            ///< the owner writes over the oldest item when all slots are full
};

/// WorkDeque once more, as small as it goes and with a bug at choice.
template <class Item, WorkDequeBug bug, std::size_t capacity>
class MutatedWorkDeque {
  using Bug = WorkDequeBug;

 public:
  bool push(Item* item) {
    const std::uint64_t bottom = bottom_.load(std::memory_order_relaxed);
    const std::uint64_t room = capacity + (bug == Bug::one_too_many ? 1 : 0);
    if (bottom - top_.load(std::memory_order_acquire) >= room) return false;
    slot(bottom).store(item, std::memory_order_relaxed);
    bottom_.store(bottom + 1);
    return true;
  }

  Item* pop() {
    const std::uint64_t bottom = bottom_.load(std::memory_order_relaxed);
    std::uint64_t top = top_.load();
    if (bottom == top) return nullptr;
    const std::uint64_t last = bottom - 1;
    bottom_.store(last);
    if constexpr (bug != Bug::looks_before_it_takes) top = top_.load();
    if (bug == Bug::last_without_asking ? top <= last : top < last) return slot(last).load(std::memory_order_relaxed);
    const bool won = top == last && top_.compare_exchange_strong(top, top + 1);
    Item* item = won ? slot(last).load(std::memory_order_relaxed) : nullptr;
    if (bug != Bug::stays_taken_back || won) bottom_.store(bottom);
    return item;
  }

  Item* steal() {
    for (;;) {
      const std::uint64_t early = bug == Bug::thieves_look_at_bottom ? bottom_.load() : 0;
      std::uint64_t top = top_.load();
      if (top >= (bug == Bug::thieves_look_at_bottom ? early : bottom_.load())) return nullptr;
      Item* item = slot(top).load(std::memory_order_relaxed);
      if constexpr (bug == Bug::thieves_store) return top_.store(top + 1), item;
      if (!top_.compare_exchange_strong(top, top + 1)) continue;
      if constexpr (bug == Bug::thieves_look_late) item = slot(top).load(std::memory_order_relaxed);
      return item;
    }
  }

  bool empty() { return top_.load() >= bottom_.load(); }

 private:
  using Word = ExplorerAtomics::Atomic<std::uint64_t>;
  using Slot = ExplorerAtomics::Atomic<Item*>;
  Slot& slot(std::uint64_t index) { return slots_[index % capacity]; }

  Word bottom_{0}, top_{0};
  std::array<Slot, capacity> slots_;
};

}  // namespace psyne::explorer
