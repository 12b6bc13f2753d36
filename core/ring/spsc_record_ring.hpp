#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/atomics/cache_line.hpp>
#include <psyne/core/result/result.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>

namespace psyne::inline v0 {

struct RecordRingOptions {
  std::size_t capacity_bytes = std::size_t{1} << 20;  ///< each record takes its length, rounded up to 8, and 8 bytes
};

/// One producer thread, one consumer thread, records of any length, written and read in place.
///
///   reserve, trim, commit, abandon, writable    producer only   wait-free
///   next, release, empty                        consumer only   wait-free
///   used, largest, closed, close                any thread      wait-free
///
/// The producer reserves one record or several and fills them; commit() publishes all of them together. The consumer
/// asks for the next record, or for several one after the other; release() gives back the memory of all it has seen.
/// A record is contiguous, aligned to 8 bytes and at most capacity_bytes / 2 long; when it does not fit before the end
/// of the memory, padding is put there and the record begins at the front.
///
/// Shut-down: close() by the producer, after its last commit; the consumer drains, then sees Code::closed. The consumer
/// may close as well to say that it wants no more.
///
/// Parking: empty() and writable() are exact for the thread in that role, as SpscRing::empty() and full() are.
///
/// Shared words are tail_, head_ and closed_; records and their lengths are plain memory, published by tail_, given
/// back by head_. Indices are cached as in SpscRing.
template <class Atomics = StandardAtomics>
class SpscRecordRing {
 public:
  /// Throws std::length_error when the capacity cannot be addressed, std::bad_alloc.
  explicit SpscRecordRing(const RecordRingOptions& options = {})
      : capacity_(checked(options.capacity_bytes)),
        size_(rounded_up(capacity_, 2 * unit) + 2 * unit),
        memory_(std::make_unique_for_overwrite<Line[]>(size_ / sizeof(Line) + 1)) {}
  SpscRecordRing(const SpscRecordRing&) = delete;
  SpscRecordRing& operator=(const SpscRecordRing&) = delete;

  /// Room for one more record of `bytes`, to be filled before commit(). would_block: no room now, and none comes while
  /// all of it is reserved and not committed. too_large: can never fit. closed: after close().
  Result<std::span<std::byte>> reserve(std::size_t bytes) {
    if (closed()) [[unlikely]]
      return Code::closed;
    if (bytes > largest()) [[unlikely]]
      return too_large(bytes);
    const Place place = place_of(bytes);
    if (!fits(place)) [[unlikely]]
      return Code::would_block;
    if (place.padding != 0) {
      set_length(write_at_, padding);
      write_at_ = 0;
    }
    set_length(write_at_, bytes);
    last_at_ = write_at_;
    reserved_ += place.padding + place.footprint;
    write_at_ = after(write_at_, place.footprint);
    return std::span(at(last_at_ + unit), bytes);
  }

  /// Makes the record that was reserved last shorter, to the `bytes` that were needed in the end.
  /// invalid_state: nothing is reserved. invalid_argument: it is not that long.
  Result<void> trim(std::size_t bytes) {
    if (reserved_ == tail_.load(std::memory_order_relaxed)) return Code::invalid_state;
    const std::size_t before = length(last_at_);
    if (bytes > before) return Code::invalid_argument;
    set_length(last_at_, bytes);
    reserved_ -= footprint(before) - footprint(bytes);
    write_at_ = after(last_at_, footprint(bytes));
    return {};
  }

  /// Publishes everything reserved since the last commit.
  void commit() noexcept {
    committed_at_ = write_at_;
    tail_.store(reserved_, std::memory_order_release);  // pairs with the acquire in unread(): record before its index
  }

  /// Forgets everything reserved since the last commit.
  void abandon() noexcept {
    write_at_ = committed_at_;
    reserved_ = tail_.load(std::memory_order_relaxed);
  }

  /// Whether a reserve of `bytes` would succeed now. False for good when they are more than largest().
  bool writable(std::size_t bytes) noexcept { return bytes <= largest() && fits(place_of(bytes)); }

  /// The next record that was not returned yet; it stays in place until release(). would_block: none now. closed:
  /// closed and drained.
  Result<std::span<std::byte>> next() noexcept {
    if (unread() == 0) [[unlikely]]
      return closed() && unread() == 0 ? Code::closed : Code::would_block;
    if (length(read_at_) == padding) {
      read_ += size_ - read_at_;
      read_at_ = 0;
    }
    const std::size_t bytes = length(read_at_);
    const std::span record(at(read_at_ + unit), bytes);
    read_ += footprint(bytes);
    read_at_ = after(read_at_, footprint(bytes));
    return record;
  }

  /// Gives back the memory of every record that next() has returned.
  void release() noexcept {
    head_.store(read_, std::memory_order_release);  // pairs with the acquire in fits(): read before it is reused
  }

  /// Whether every record has been returned by next().
  bool empty() noexcept { return unread() == 0; }

  /// From now on reserve() is refused. Idempotent.
  void close() noexcept { closed_.store(1, std::memory_order_release); }
  bool closed() const noexcept { return closed_.load(std::memory_order_acquire) != 0; }

  /// Bytes committed and not released, lengths and padding included: a snapshot, stale when it returns.
  std::size_t used() const noexcept {
    const std::uint64_t head = head_.load(std::memory_order_acquire);
    return std::min<std::uint64_t>(tail_.load(std::memory_order_acquire) - head, size_);
  }
  /// The longest record.
  std::size_t largest() const noexcept { return capacity_ / 2; }

 private:
  static constexpr std::size_t unit = sizeof(std::uint64_t);  // of positions, and what a record's length takes
  static constexpr std::uint64_t padding = std::numeric_limits<std::uint64_t>::max();  // as a length: go to the front
  struct alignas(cache_line) Line {
    std::byte bytes[cache_line];
  };
  struct Place {
    std::size_t padding;
    std::size_t footprint;
  };

  static std::size_t checked(std::size_t capacity) {
    if (capacity > std::numeric_limits<std::size_t>::max() / 4) {
      throw std::length_error("psyne: a ring of that capacity cannot be addressed");
    }
    return capacity;
  }

  static constexpr std::size_t rounded_up(std::size_t bytes, std::size_t to) noexcept {
    return (bytes + to - 1) / to * to;
  }
  static constexpr std::size_t footprint(std::size_t bytes) noexcept { return unit + rounded_up(bytes, unit); }

  std::byte* at(std::size_t offset) const noexcept { return memory_[0].bytes + offset; }
  std::size_t after(std::size_t offset, std::size_t bytes) const noexcept {
    return offset + bytes == size_ ? 0 : offset + bytes;
  }
  std::uint64_t length(std::size_t offset) const noexcept {
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, at(offset), unit);
    return bytes;
  }
  void set_length(std::size_t offset, std::uint64_t bytes) noexcept { std::memcpy(at(offset), &bytes, unit); }

  Place place_of(std::size_t bytes) const noexcept {
    const std::size_t needed = footprint(bytes), before_end = size_ - write_at_;
    return {needed > before_end ? before_end : 0, needed};
  }

  // An empty ring has room for any record: footprint <= capacity / 2 + 2 * unit - 1, rounded down to units; padding is
  // shorter by a unit at least; and size_ is the capacity and two units more.
  bool fits(const Place& place) noexcept {
    const std::size_t needed = place.padding + place.footprint;
    if (size_ - (reserved_ - head_seen_) >= needed) return true;
    head_seen_ = head_.load(std::memory_order_acquire);
    return size_ - (reserved_ - head_seen_) >= needed;
  }

  std::uint64_t unread() noexcept {
    if (read_ == tail_seen_) tail_seen_ = tail_.load(std::memory_order_acquire);
    return tail_seen_ - read_;
  }

  Error too_large(std::size_t bytes) const {
    return Error(Code::too_large, "cannot reserve a record of " + std::to_string(bytes) + " bytes")
        .because("this ring takes up to " + std::to_string(largest()) + ", half of its capacity_bytes")
        .mend("Raise RecordRingOptions::capacity_bytes to twice the longest record.");
  }

  using Word = typename Atomics::template Atomic<std::uint64_t>;
  using Flag = typename Atomics::template Atomic<std::uint32_t>;

  // Positions count bytes and only grow; offsets are where they lie in memory_. Read by both:
  alignas(cache_line) std::size_t capacity_;
  std::size_t size_;
  std::unique_ptr<Line[]> memory_;
  Flag closed_{0};  // written once

  alignas(cache_line) Word tail_{0};  // written by the producer: records before here are committed
  std::uint64_t head_seen_{0};        // the producer's copy of head_
  std::uint64_t reserved_{0};         // where its next record begins
  std::size_t write_at_{0};           // the same as an offset
  std::size_t committed_at_{0};       // tail_ as an offset
  std::size_t last_at_{0};            // the record that was reserved last

  alignas(cache_line) Word head_{0};  // written by the consumer: memory before here may be reused
  std::uint64_t tail_seen_{0};        // the consumer's copy of tail_
  std::uint64_t read_{0};             // where its next record begins
  std::size_t read_at_{0};            // the same as an offset
};

}  // namespace psyne::inline v0
