#pragma once

#include <psyne/core/atomics/short_lock.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace psyne::inline v0 {

/// The jobs of a pool that have a name and have not ended, so that a report can say what is left.
///
///   add, remove    any thread     a short lock
///   names          any thread     the lock for as long as it copies
class NamedJobs {
 public:
  enum class Stage : std::uint8_t { pending, running };

  /// Part of the job; from add() to remove() it and its name stay where they are.
  struct Entry {
    std::string_view name;
    std::atomic<Stage> stage{Stage::pending};
    Entry* next = nullptr;
    Entry* previous = nullptr;
  };

  void add(Entry& entry) noexcept {
    const std::lock_guard guard(lock_);
    entry.next = first_;
    if (first_ != nullptr) first_->previous = &entry;
    first_ = &entry;
  }

  void remove(Entry& entry) noexcept {
    const std::lock_guard guard(lock_);
    (entry.previous != nullptr ? entry.previous->next : first_) = entry.next;
    if (entry.next != nullptr) entry.next->previous = entry.previous;
  }

  /// Of those at a stage, `most` at most. Throws std::bad_alloc.
  std::vector<std::string> names(Stage stage, std::size_t most = 100) {
    std::vector<std::string> found;
    const std::lock_guard guard(lock_);
    for (Entry* entry = first_; entry != nullptr && found.size() < most; entry = entry->next) {
      if (entry->stage.load(std::memory_order_relaxed) == stage) found.emplace_back(entry->name);
    }
    return found;
  }

 private:
  ShortLock<> lock_;
  Entry* first_ = nullptr;
};

}  // namespace psyne::inline v0
