#pragma once

#include <cstddef>
#include <cstdint>

namespace psyne::inline v0 {

/// The number of a member of a communicator, from 0.
using Rank = std::int32_t;

/// The memories that a schedule knows.
enum class Space : std::uint8_t {
  input,      ///< what the program gives to the operation; of another rank only where that is a window
  output,     ///< what the program gets from it; of another rank only where that is a window
  workspace,  ///< of a rank for itself, for the length of one schedule
  slot,       ///< at its owner, one for each other rank, which puts into it; two banks take turns
  mail,       ///< as a slot, for the few bytes that travel along with a signal
  stage,      ///< of its owner, who fills it; others may load it where memory is mapped; two banks take turns
};

/// Bytes that may come along with a signal: a cache line less its counter.
inline constexpr std::size_t mail_bytes = 56;

/// Where bytes lie, before anybody knows addresses.
struct Place {
  Space space = Space::input;
  Rank owner = 0;   ///< whose memory it is
  Rank writer = 0;  ///< of a slot and of mail: who puts into it
  std::uint64_t offset = 0;

  constexpr Place operator+(std::uint64_t bytes) const noexcept { return {space, owner, writer, offset + bytes}; }
  friend constexpr bool operator==(const Place&, const Place&) noexcept = default;
};

}  // namespace psyne::inline v0
