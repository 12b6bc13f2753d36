#pragma once

#include <cstdint>

namespace psyne::inline v0 {

/// How long messages are made shorter on their way. The numbers are told to the other side.
enum class Compress : std::uint8_t {
  none,
  lz4,   ///< about a gigabyte a second: for a network that is slower than that
  zstd,  ///< half of that or less, and shorter: for a slow network
};

}  // namespace psyne::inline v0
