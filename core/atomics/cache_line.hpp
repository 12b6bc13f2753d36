#pragma once

#include <cstddef>

namespace psyne::inline v0 {

/// Bytes that two writers must keep between their words. Our own constant: std::hardware_destructive_interference_size
/// may differ between compilers of two processes that share memory.
inline constexpr std::size_t cache_line = 64;

}  // namespace psyne::inline v0
