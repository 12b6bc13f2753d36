#pragma once

#include <cstddef>
#include <cstdint>

namespace psyne_soak {

/// What the process holds at a moment.
struct Footprint {
  std::int64_t resident_bytes;
  std::int64_t heap_bytes;  ///< that operator new gave and operator delete has not taken back; 0 under a sanitizer
  std::int64_t threads;
  std::int64_t descriptors;

  /// After what the heap can give back has been given back.
  static Footprint now();
};

}  // namespace psyne_soak
