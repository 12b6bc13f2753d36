#pragma once

#include <psyne/core/executor/work.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <utility>

namespace psyne::inline v0 {

/// Work in the order in which it came, as pointers in chunks, so that whoever takes several touches none of them.
///
/// Unbounded; gives chunks back as it empties, but for two. Where no memory is left for a chunk, work is linked by its
/// own `next`, so push never fails. Owns no work. Not thread safe.
class ChunkedQueue {
 public:
  ChunkedQueue() noexcept = default;
  ChunkedQueue(const ChunkedQueue&) = delete;
  ChunkedQueue& operator=(const ChunkedQueue&) = delete;
  ~ChunkedQueue() {
    while (first_ != nullptr) delete std::exchange(first_, first_->next);
    delete spare_;
  }

  std::size_t size() const noexcept { return pushed_ - taken_; }
  bool empty() const noexcept { return pushed_ == taken_; }
  /// Counts all that were ever pushed, and taken: the first in the queue has the number taken().
  std::size_t pushed() const noexcept { return pushed_; }
  std::size_t taken() const noexcept { return taken_; }

  void push(Work& work) noexcept {
    ++pushed_;
    if (!linked_.empty() || (last_free_ == chunk_size && !add_chunk())) return linked_.push(work);
    last_->items[last_free_++] = &work;
  }

  /// Null when empty.
  Work* pop() noexcept {
    if (empty()) return nullptr;
    ++taken_;
    if (first_ == nullptr || (first_ == last_ && first_used_ == last_free_)) return linked_.pop();
    Work* work = first_->items[first_used_++];
    if (first_used_ == chunk_size) drop_chunk();
    return work;
  }

 private:
  static constexpr std::size_t chunk_size = 127;
  struct Chunk {
    Chunk* next;
    std::array<Work*, chunk_size> items;
  };

  bool add_chunk() noexcept {
    Chunk* chunk = spare_ != nullptr ? std::exchange(spare_, nullptr) : new (std::nothrow) Chunk;
    if (chunk == nullptr) return false;
    chunk->next = nullptr;
    (first_ == nullptr ? first_ : last_->next) = chunk;
    if (first_ == chunk) first_used_ = 0;
    last_ = chunk;
    last_free_ = 0;
    return true;
  }

  // All of the first chunk has been taken.
  void drop_chunk() noexcept {
    first_used_ = 0;
    if (first_ == last_) {
      last_free_ = 0;
      return;
    }
    Chunk* chunk = std::exchange(first_, first_->next);
    if (spare_ == nullptr) {
      spare_ = chunk;
    } else {
      delete chunk;
    }
  }

  Chunk* first_ = nullptr;
  Chunk* last_ = nullptr;
  Chunk* spare_ = nullptr;              // kept, so that a queue that is short does not allocate
  std::size_t first_used_ = 0;          // of the first chunk: taken
  std::size_t last_free_ = chunk_size;  // of the last chunk: where the next goes
  WorkQueue linked_;                    // behind the chunks
  std::size_t pushed_ = 0;
  std::size_t taken_ = 0;
};

}  // namespace psyne::inline v0
