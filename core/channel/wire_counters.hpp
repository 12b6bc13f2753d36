#pragma once

#include <cstdint>

namespace psyne::inline v0 {

/// What the counters of a link mean to a lane that is not mapped. Positions are never 0 (the first record's word lies
/// behind its alignment or is told plus one), so that 0 means "not told yet".
enum class WireCounter : std::uint32_t {
  arrived = 0,    ///< at the receiver: records before this position are here, plus one
  credit = 1,     ///< at the sender: the receiver's cursor, plus one
  closed_at = 2,  ///< at the receiver: no record begins at or after it, plus one
  joined_at = 3,  ///< at the receiver: where it begins, plus one
  asked = 4,      ///< at the receiver: a cursor from here on is to be told at once, plus one
  left = 5,       ///< at the sender: the receiver goes, and what is before was handed to its program, plus one
  hinted = 6,     ///< at the receiver: as asked, but told along with what lies before it, and nobody waits yet
};

constexpr std::uint32_t counter_index(WireCounter counter) noexcept { return static_cast<std::uint32_t>(counter); }

}  // namespace psyne::inline v0
