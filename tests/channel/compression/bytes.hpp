#pragma once

#include <psyne.hpp>

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

namespace psyne_test {

using Bytes = std::vector<std::byte>;

/// Compresses well, and is another one for each `number`.
inline Bytes words(std::size_t bytes, std::uint64_t number = 0) {
  Bytes made(bytes);
  for (std::size_t i = 0; i < bytes; ++i) made[i] = static_cast<std::byte>((i / 64 + number) * (i % 16));
  return made;
}

/// Does not compress.
inline Bytes noise(std::size_t bytes, std::uint64_t number = 0) {
  std::mt19937_64 random(number);
  Bytes made(bytes);
  for (std::byte& byte : made) byte = static_cast<std::byte>(random());
  return made;
}

inline Bytes copy_of(std::span<const std::byte> view) { return {view.begin(), view.end()}; }

}  // namespace psyne_test
