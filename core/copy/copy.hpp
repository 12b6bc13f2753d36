#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace psyne::inline v0 {

/// From this many bytes on the routines below differ from memcpy.
inline constexpr std::size_t large_copy = 1024;

/// From this many bytes on `rep movsb` copies out as quickly as whole lines do. Below it is slower: 4 KiB out of the
/// shared cache took 520 ns where lines took 230.
inline constexpr std::size_t string_copy = 16 * 1024;

/// How a copy's stores go.
enum class Stores : std::uint8_t {
  cached,   ///< into this core's cache, as ordinary stores do
  streamed  ///< past it to memory: where the reader's core is far away, it fetches a line from memory two to four times
            ///< as fast as out of this core's cache
};

namespace copying {
void by_lines(void* to, const void* from, std::size_t bytes) noexcept;
void cached(void* to, const void* from, std::size_t bytes) noexcept;
void streamed(void* to, const void* from, std::size_t bytes) noexcept;
}  // namespace copying

/// Copies into memory that another core will read. The ranges do not overlap. When it returns, a release store
/// publishes the bytes, whichever way they were stored. Any thread; does not allocate; linear.
///
/// Neither this nor copy_out is memcpy, which turns to streamed stores by size (at about 1 MiB in glibc) and to `rep
/// movsb` whatever the alignment: between neighbouring cores the first costs a factor of 2 to 3, and on Zen 4 the
/// second a factor of 3 to 6 where source and destination lie differently within a line. docs/investigations/copy.md
/// has the figures.
inline void copy_in(void* to, const void* from, std::size_t bytes, Stores stores = Stores::cached) noexcept {
  if (bytes < large_copy) {
    if (bytes > 0) std::memcpy(to, from, bytes);  // an empty range may have no address
  } else if (stores == Stores::cached) {
    copying::cached(to, from, bytes);
  } else {
    copying::streamed(to, from, bytes);
  }
}

/// Copies out of memory that another core wrote. The ranges do not overlap. Any thread; does not allocate; linear.
inline void copy_out(void* to, const void* from, std::size_t bytes) noexcept {
  if (bytes < large_copy) {
    if (bytes > 0) std::memcpy(to, from, bytes);  // an empty range may have no address
  } else if (bytes < string_copy) {
    copying::by_lines(to, from, bytes);
  } else {
    copying::cached(to, from, bytes);
  }
}

}  // namespace psyne::inline v0
