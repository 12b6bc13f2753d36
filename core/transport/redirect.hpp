#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace psyne::inline v0 {

/// What a link is asked for by who waits for the next bytes of its peer's: not to put them into the region, but to read
/// them straight to where they are wanted.
struct Redirect {
  /// Where in the region the put may begin. The first one that begins at one of them, and is as long as `into` at most,
  /// lands in `into`.
  std::array<std::uint64_t, 2> offsets{};
  std::span<std::byte> into;
  /// What is most likely posted before it, along with it: so many puts, of so many bytes in all. Only a guess, by which
  /// a link may save a system call.
  std::size_t puts_before = 0;
  std::size_t bytes_before = 0;
};

/// A put that landed elsewhere: where it was to begin, and how long it is.
struct Redirected {
  std::uint64_t offset = 0;
  std::size_t bytes = 0;
};

}  // namespace psyne::inline v0
