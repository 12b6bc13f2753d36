#pragma once

#include <psyne/core/atomics/cache_line.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>

namespace psyne::inline v0::metrics {

/// What is counted. A counter only grows; a gauge is signed and goes both ways; a histogram counts values by their
/// size.
enum class Kind : std::uint8_t { counter, gauge, histogram };

/// The buckets of a histogram. Bucket 0 holds the value 0, bucket i the values from 2^(i-1) to 2^i - 1, and the last
/// one all from 2^62 on.
inline constexpr std::size_t buckets = 64;
constexpr std::size_t bucket_of(std::uint64_t value) noexcept {
  const auto width = static_cast<std::size_t>(std::bit_width(value));
  return width < buckets ? width : buckets - 1;
}
constexpr std::uint64_t bucket_floor(std::size_t bucket) noexcept {
  return bucket == 0 ? 0 : std::uint64_t{1} << (bucket - 1);
}

/// Cells of 64 bits that a value takes: a histogram the sum of its values and then its buckets.
constexpr std::size_t cells_of(Kind kind) noexcept { return kind == Kind::histogram ? 1 + buckets : 1; }

/// How a counters page lies in its file, in words of 64 bits, host byte order.
///
///   header      head::words
///   directory   capacity entries: a generation, then where the block is. The entries below head::published are set; an
///               entry's block never moves. The generation is odd while a section lives in the block.
///   blocks      each: counts, name, label, a descriptor per value, and from the next line on the cells
///
/// Only the cells are written while a section lives, each by one thread; so no line is written by two.
namespace layout {

inline constexpr std::uint64_t magic = 0x54454d454e595350;  // "PSYNEMET" on a little endian machine
inline constexpr std::uint64_t version = 1;
inline constexpr std::size_t word = sizeof(std::uint64_t);
inline constexpr std::size_t line_words = cache_line / word;
inline constexpr std::size_t smallest_page = 4096;
inline constexpr std::size_t largest_page = 64 * 1024 * 1024;

namespace head {
enum Word : std::size_t { magic, version, bytes, process, started, capacity, published, lost, command };
inline constexpr std::size_t command_words = 8;
inline constexpr std::size_t words = 16;
static_assert(command + command_words == words);
}  // namespace head

namespace entry {
enum Word : std::size_t { generation, place };  // place: first word of the block << 32 | its words
inline constexpr std::size_t words = 2;
}  // namespace entry

namespace block {
enum Word : std::size_t { counts, name };  // counts: number of values << 32 | number of cells
inline constexpr std::size_t name_words = 4;
inline constexpr std::size_t label = name + name_words;
inline constexpr std::size_t label_words = 19;
inline constexpr std::size_t words = 3 * line_words;
static_assert(label + label_words == words);
}  // namespace block

namespace descriptor {
enum Word : std::size_t { kind, name };  // kind: Kind << 32 | first cell
inline constexpr std::size_t name_words = 3;
inline constexpr std::size_t words = name + name_words;
}  // namespace descriptor

constexpr std::size_t whole_lines(std::size_t words) noexcept {
  return (words + line_words - 1) / line_words * line_words;
}
/// Entries of a page's directory: a block takes four lines at the least, most of them some more.
constexpr std::size_t directory_capacity(std::size_t page_bytes) noexcept { return page_bytes / 512; }
constexpr std::size_t first_block(std::size_t capacity) noexcept {
  return whole_lines(head::words + capacity * entry::words);
}
constexpr std::size_t first_cell(std::size_t values) noexcept {
  return whole_lines(block::words + values * descriptor::words);
}
constexpr std::size_t block_words(std::size_t values, std::size_t cells) noexcept {
  return first_cell(values) + whole_lines(cells);
}

}  // namespace layout

}  // namespace psyne::inline v0::metrics
