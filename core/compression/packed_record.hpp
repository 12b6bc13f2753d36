#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace psyne::inline v0 {

/// What lies in a lane's record in place of a payload that was packed: its own length (8 bytes), then the codec's
/// bytes; together less than it was.
struct PackedRecord {
  static constexpr std::size_t header_bytes = 8;

  /// The header for so many bytes, to the beginning of `place`.
  static void write_length(std::byte* place, std::uint64_t bytes) noexcept { std::memcpy(place, &bytes, header_bytes); }
  /// How long the payload was, as its sender says. Loaded once: it may be written at any time.
  static std::uint64_t read_length(const std::byte* place) noexcept {
    return *reinterpret_cast<const volatile std::uint64_t*>(place);
  }
};

}  // namespace psyne::inline v0
