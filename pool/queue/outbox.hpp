#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/atomics/cache_line.hpp>
#include <psyne/core/executor/work.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <utility>

namespace psyne::inline v0 {

/// What one thread has posted at one priority, in order. Unbounded.
///
///   push                 the producer, one thread at a time     wait-free; allocates 2 KiB for 127 entries at most
///   empty, size          any thread                             wait-free
///   take_turn            any thread                             wait-free: false when another has the turn
///   take, oldest, end_turn     who has the turn                 wait-free
///
/// The producer and the takers share no word that both write, as in SpscRing, but for one chunk in 127 entries: the
/// takers give it back to the producer. Owns no work; entries that are left are forgotten.
template <class Atomics = StandardAtomics>
class Outbox {
 public:
  Outbox() noexcept = default;
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;
  ~Outbox() {
    while (first_ != nullptr) delete std::exchange(first_, first_->next);
    delete spare_.load(std::memory_order_relaxed);
  }

  /// False when there is no memory; then nothing has been done.
  [[nodiscard]] bool push(Work& work, Deadline now) noexcept {
    const std::uint64_t number = published_.load(std::memory_order_relaxed);
    if (number % chunk_size == 0 && !add_chunk()) [[unlikely]]
      return false;
    last_->entries[number % chunk_size] = {&work, now};
    // Sequentially consistent: whoever stopped looking before this is seen by the producer's next load.
    published_.store(number + 1, std::memory_order_seq_cst);
    return true;
  }

  std::uint64_t size() const noexcept {
    const std::uint64_t taken = taken_.load(std::memory_order_seq_cst);
    return published_.load(std::memory_order_seq_cst) - taken;
  }
  bool empty() const noexcept { return size() == 0; }

  [[nodiscard]] bool take_turn() noexcept {
    return !turn_.load(std::memory_order_relaxed) && !turn_.exchange(true, std::memory_order_acquire);
  }
  void end_turn() noexcept { turn_.store(false, std::memory_order_release); }

  /// Takes the oldest entries: a `share`-th of them, one at least, as many as `out` holds at most.
  std::size_t take(std::span<Work*> out, std::size_t share) noexcept {
    std::uint64_t number = taken_.load(std::memory_order_relaxed);
    const std::uint64_t left = published_.load(std::memory_order_acquire) - number;
    if (left == 0) return 0;
    const std::size_t count = std::min<std::uint64_t>(out.size(), std::max<std::uint64_t>(1, left / share));
    for (Work*& work : out.first(count)) {
      if (number % chunk_size == 0) next_chunk(number);
      work = first_->entries[number++ % chunk_size].work;
    }
    taken_.store(number, std::memory_order_seq_cst);
    return count;
  }

  /// When the oldest entry came; `none` when there is none.
  Deadline oldest(Deadline none) noexcept {
    const std::uint64_t number = taken_.load(std::memory_order_relaxed);
    if (published_.load(std::memory_order_acquire) == number) return none;
    const Chunk* chunk = number % chunk_size == 0 && number != 0 ? first_->next : first_;
    return chunk->entries[number % chunk_size].came;
  }

 private:
  // Written by push() before it is read.
  struct Entry {  // NOLINT(cppcoreguidelines-pro-type-member-init)
    Work* work;
    Deadline came;
  };
  static constexpr std::size_t chunk_size = 127;
  struct Chunk {  // NOLINT(cppcoreguidelines-pro-type-member-init)
    Chunk* next;
    std::array<Entry, chunk_size> entries;
  };

  bool add_chunk() noexcept {
    Chunk* chunk = spare_.exchange(nullptr, std::memory_order_acquire);
    if (chunk == nullptr) chunk = new (std::nothrow) Chunk;
    if (chunk == nullptr) return false;
    chunk->next = nullptr;
    (last_ == nullptr ? first_ : last_->next) = chunk;  // published with its first entry
    last_ = chunk;
    return true;
  }

  // Before the entry `number`, the first of its chunk, is read.
  void next_chunk(std::uint64_t number) noexcept {
    if (number == 0) return;
    Chunk* done = std::exchange(first_, first_->next);
    delete spare_.exchange(done, std::memory_order_release);
  }

  alignas(cache_line) typename Atomics::template Atomic<std::uint64_t> published_{0};  // entries that ever came
  Chunk* last_ = nullptr;                                                              // the producer's
  alignas(cache_line) typename Atomics::template Atomic<std::uint64_t> taken_{0};
  Chunk* first_ = nullptr;  // of who has the turn, but for the very first, which the producer sets before entry 0
  typename Atomics::template Atomic<bool> turn_{false};
  alignas(cache_line) typename Atomics::template Atomic<Chunk*> spare_{nullptr};
};

}  // namespace psyne::inline v0
