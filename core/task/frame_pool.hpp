#pragma once

#include <cstddef>

namespace psyne::inline v0 {

/// Memory for coroutine frames. Each thread keeps what it gives back, up to `frame_cache_bytes`, in lists by size, and
/// takes from them first, so awaiting in a loop allocates nothing. Any thread may give back what another took; it then
/// keeps it itself. Frames above `largest_cached_frame` go to the heap and back.
///
/// Aligned as operator new does. Throws std::bad_alloc.
void* take_frame(std::size_t bytes);
/// `bytes` as it was taken.
void give_back_frame(void* frame, std::size_t bytes) noexcept;

inline constexpr std::size_t frame_cache_bytes = 128 * 1024;  // per thread
inline constexpr std::size_t largest_cached_frame = 2048;

/// What the calling thread keeps now; for tests.
std::size_t cached_frame_bytes() noexcept;

}  // namespace psyne::inline v0
