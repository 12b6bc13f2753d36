#pragma once

#include <cstdint>

namespace psyne::inline v0 {

/// Whose memory a region is.
enum class DeviceKind : std::uint8_t { host, cuda, hip, sim };

struct Device {
  DeviceKind kind = DeviceKind::host;
  std::uint8_t index = 0;

  friend bool operator==(const Device&, const Device&) = default;
};

}  // namespace psyne::inline v0
