#pragma once

#include <cstdint>

namespace psyne::inline v0 {

/// How long messages are made shorter on their way. The numbers are told to the other side.
enum class Compress : std::uint8_t {
  none,
  lz4,   ///< gigabytes a second: for a network, or a disk's pace
  zstd,  ///< a quarter of that, and shorter: for a slow network
};

}  // namespace psyne::inline v0
