#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>

namespace pool_bench {

/// Counts what many threads have done without a line that they share: an empty job that counts itself stays nearly
/// empty.
class Tally {
 public:
  void add() noexcept {
    std::atomic<std::uint64_t>& own = slot();
    own.store(own.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

  /// How often add() was called, by whatever threads.
  std::uint64_t sum() {
    const std::lock_guard lock(mutex_);
    std::uint64_t total = 0;
    for (const Slot& one : slots_) total += one.count.load(std::memory_order_acquire);
    return total;
  }

 private:
  struct alignas(64) Slot {
    std::atomic<std::uint64_t> count{0};
  };

  std::atomic<std::uint64_t>& slot() {
    thread_local Slot* own = nullptr;  // of `tally`, the only one
    if (own == nullptr) {
      const std::lock_guard lock(mutex_);
      own = &slots_.emplace_back();
    }
    return own->count;
  }

  std::mutex mutex_;
  std::deque<Slot> slots_;
};

inline Tally tally;

}  // namespace pool_bench
