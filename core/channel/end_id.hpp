#pragma once

#include <psyne/core/result/result.hpp>

#include <compare>
#include <cstdint>

namespace psyne::inline v0 {

/// Which end of a channel: a number, drawn at random when the end is opened unless its options give one, and told to
/// every end that it meets. So a message needs no room for it: it belongs to the lane. Zero is no end.
///
/// What an end tells of itself is its word: it is not proved. Nobody can guess another's, and only those who met it
/// know it.
struct EndId {
  std::uint64_t value = 0;

  explicit constexpr operator bool() const noexcept { return value != 0; }
  friend constexpr auto operator<=>(const EndId&, const EndId&) = default;

  /// From the system's random numbers. Errors: system.
  static Result<EndId> random();
};

}  // namespace psyne::inline v0
