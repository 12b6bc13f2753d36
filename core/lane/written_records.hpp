#pragma once

#include <psyne/core/lane/blocks.hpp>
#include <psyne/core/lane/record.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace psyne::inline v0 {

/// The ring of a lane as its producer sees it: where the next record goes, and where those lie that it wrote. By the
/// producer's thread only.
///
/// It walks by its own words. What a reader says may be any place, and looking like a word there is payload at most: so
/// nobody walks beyond what was written.
template <class Records, class Atomics>
class WrittenRecords {
  using Word = SharedWord<Atomics, std::uint64_t>;

 public:
  WrittenRecords(std::byte* ring, std::uint64_t capacity) noexcept : ring_(ring), mask_(capacity - 1) {}

  /// Of the next record's word.
  std::uint64_t position() const noexcept { return position_; }
  void advance(std::uint64_t next) noexcept { position_ = next; }

  std::uint64_t capacity() const noexcept { return mask_ + 1; }
  /// How far into its lap a position is.
  std::uint64_t in_lap(std::uint64_t position) const noexcept { return position & mask_; }
  /// Where the first record of the next lap begins.
  std::uint64_t next_lap(std::uint64_t position) const noexcept { return (position | mask_) + 1 + first_word<Records>; }
  /// Whether the next record does not fit before the end of its lap, if it has that payload.
  bool pads(std::uint64_t bytes) const noexcept { return in_lap(position_) + Record::word_bytes + bytes > capacity(); }

  Word& word(std::uint64_t position) const noexcept { return *reinterpret_cast<Word*>(ring_ + in_lap(position)); }
  std::byte* payload(std::uint64_t position) const noexcept { return ring_ + in_lap(position) + Record::word_bytes; }

  /// Of a record that was written.
  std::uint32_t length_at(std::uint64_t position) const noexcept {
    const std::uint32_t length = told_length_at(position);
    return is_packed(length) ? length & ~Record::packed : length;
  }
  bool is_packed_at(std::uint64_t position) const noexcept { return is_packed(told_length_at(position)); }
  bool is_padding(std::uint64_t position) const noexcept { return length_at(position) == Record::padding; }
  /// Where the record after it begins.
  std::uint64_t after(std::uint64_t position) const noexcept {
    const std::uint64_t next = is_padding(position) ? next_lap(position) : Records::next(position, length_at(position));
    return std::min(next, position_);
  }
  /// Whether a record begins there.
  bool begins_at(std::uint64_t position) const noexcept {
    return position == position_ || Record::committed(word(position).load(std::memory_order_relaxed), position);
  }

 private:
  std::uint32_t told_length_at(std::uint64_t position) const noexcept {
    return Record::length(word(position).load(std::memory_order_relaxed));
  }
  bool is_packed(std::uint32_t length) const noexcept {
    return (length & Record::packed) != 0 && length != Record::padding && capacity() <= Record::largest_packing_ring;
  }

  std::byte* ring_;
  std::uint64_t mask_;
  std::uint64_t position_ = first_word<Records>;
};

}  // namespace psyne::inline v0
