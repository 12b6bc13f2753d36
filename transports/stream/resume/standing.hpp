#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace psyne::inline v0::stream {

/// How far one end of a link is, as it tells the other when they go on by another connection.
struct Standing {
  static constexpr std::size_t counters = 32;

  std::array<std::uint64_t, counters> has{};   ///< its counters, as the other end has signalled them
  std::array<std::uint64_t, counters> told{};  ///< what it signalled without puts, in the newest value

  bool operator==(const Standing&) const = default;
};

}  // namespace psyne::inline v0::stream
