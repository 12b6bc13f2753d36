#pragma once

#include <cstdint>

namespace psyne::inline v0 {

/// One truth value in one byte that another process wrote: any byte but 0 is true, so that, unlike with `bool`, no byte
/// of a peer is undefined behaviour. Written as 0 or 1.
class Boolean {
 public:
  constexpr Boolean() = default;
  constexpr Boolean(bool value) noexcept : byte_(value ? 1 : 0) {}  // NOLINT(google-explicit-constructor): is a bool
  constexpr operator bool() const noexcept { return byte_ != 0; }   // NOLINT(google-explicit-constructor): is a bool

 private:
  std::uint8_t byte_{0};
};

}  // namespace psyne::inline v0
