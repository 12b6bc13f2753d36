#pragma once

#include <psyne/core/message/record.hpp>

#include <cstdint>

namespace psyne::inline v0 {

/// Variable messages in a record: a header, a table of where each lies, then the messages.
namespace batch {

/// As it lies at the start of a record.
struct Header {
  std::uint64_t capacity;  ///< entries in the table
  std::uint64_t used;      ///< of them
  std::uint64_t room;      ///< bytes after the table
};

/// Where one record lies, in bytes from the start of the batch's.
struct Entry {
  std::uint64_t begin;
  std::uint64_t bytes;
};

/// A record that fits a line starts at a multiple of 8, a larger one on a line.
constexpr std::uint64_t start_alignment(std::uint64_t bytes) noexcept { return bytes <= cache_line ? 8 : cache_line; }

constexpr record::Layout<2> layout(const Header& header) noexcept {
  return record::lay_out<2>(sizeof(Header), {{{header.capacity, sizeof(Entry)}, {header.room, 1}}});
}

}  // namespace batch

}  // namespace psyne::inline v0
