#pragma once

#include <cstddef>
#include <cstdint>

namespace psyne::inline v0 {

/// How records lie in a lane's ring.
///
/// A record is one 8-byte word and then its payload, contiguous, the payload aligned to the lane's alignment. Positions
/// are bytes since the lane began and never wrap; the offset in the ring is position & (capacity - 1). The word holds
/// the payload's length and a stamp made from the record's position: it says "committed" by being there, so that an 8 B
/// message is one cache line from core to core, not a line for the data and another for an index.
///
/// A stale word must never look like a fresh one. Where every record has the same size, words lie at the same offsets
/// in each lap, so what is found there is this lap's word or the last one's, whose stamp differs (until a ring reaches
/// 16 GiB). Where sizes vary, a word's place may hold old payload: there the producer clears the next word before it
/// publishes a record.
struct Record {
  static constexpr std::uint64_t word_bytes = 8;
  static constexpr std::uint32_t padding = 0xffff'ffff;  ///< length that says: nothing more in this lap
  static constexpr std::uint64_t longest = std::uint64_t{1} << 31;
  /// In a length: what lies there is a PackedRecord. Only in rings of at most largest_packing_ring, where no payload is
  /// so long that it had this bit; so a reader that knows nothing of it finds the record too long for the ring.
  static constexpr std::uint32_t packed = std::uint32_t{1} << 31;
  static constexpr std::uint64_t largest_packing_ring = std::uint64_t{1} << 31;
  static constexpr std::uint64_t furthest = std::uint64_t{1} << 63;  ///< positions end here: after six years at 50 GB/s
  static constexpr std::uint64_t largest_ring = std::uint64_t{1}
                                                << 33;  ///< half of the distance at which stamps repeat

  static constexpr std::uint32_t stamp(std::uint64_t position) noexcept {
    return static_cast<std::uint32_t>(position >> 3) << 1 | 1;  // odd: never the stamp of a cleared word
  }
  static constexpr std::uint64_t word(std::uint64_t position, std::uint32_t length) noexcept {
    return std::uint64_t{stamp(position)} << 32 | length;
  }
  static constexpr bool committed(std::uint64_t word, std::uint64_t position) noexcept {
    return static_cast<std::uint32_t>(word >> 32) == stamp(position);
  }
  static constexpr std::uint32_t length(std::uint64_t word) noexcept { return static_cast<std::uint32_t>(word); }
};

/// Records of one size, known when compiling. `Bytes` of payload, aligned to `Alignment` (8 to 64).
template <std::size_t Bytes, std::size_t Alignment>
struct FixedRecords {
  static_assert(Alignment >= 8 && Alignment <= 64 && (Alignment & (Alignment - 1)) == 0);
  static constexpr bool fixed = true;
  static constexpr std::uint64_t alignment = Alignment;
  static constexpr std::uint64_t stride = (Bytes + Record::word_bytes + Alignment - 1) / Alignment * Alignment;

  static constexpr std::uint64_t next(std::uint64_t position, std::uint64_t) noexcept { return position + stride; }
  static constexpr bool fits_type(std::uint32_t length) noexcept { return length == Bytes; }
};

/// Records of any size, payload aligned to a cache line.
struct VariableRecords {
  static constexpr bool fixed = false;
  static constexpr std::uint64_t alignment = 64;

  static constexpr std::uint64_t next(std::uint64_t position, std::uint64_t bytes) noexcept {
    return ((position + 2 * Record::word_bytes + bytes + alignment - 1) & ~(alignment - 1)) - Record::word_bytes;
  }
  static constexpr bool fits_type(std::uint32_t) noexcept { return true; }
};

/// Where the first word of a lap lies, so that its payload is aligned.
template <class Records>
inline constexpr std::uint64_t first_word = Records::alignment - Record::word_bytes;

/// The longest payload that a ring of `capacity` bytes takes: half of it, less the words around.
constexpr std::uint64_t longest_payload(std::uint64_t capacity) noexcept { return capacity / 2; }

/// The ring that holds payloads of up to half of `bytes`: a power of two with room for a record's word and its padding.
constexpr std::uint64_t ring_capacity(std::uint64_t bytes) noexcept {
  std::uint64_t capacity = 4096;
  while (capacity < bytes) capacity *= 2;
  return capacity;
}

}  // namespace psyne::inline v0
