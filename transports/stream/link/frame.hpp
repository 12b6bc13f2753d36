#pragma once

#include <psyne/core/transport/post.hpp>

#include <cstdint>
#include <type_traits>

namespace psyne::inline v0 {

/// What travels on a stream once two ends have met: 32 bytes, little-endian as both ends are, and `length` bytes that
/// go into a region. What is signalled counts from when these have landed.
struct Frame {
  enum class Kind : std::uint8_t {
    put = 1,          ///< `length` bytes into region `generation` from `offset` on; none where it only signals
    revoke = 2,       ///< the sender takes region `generation` back
    acknowledge = 3,  ///< nothing goes into region `generation` any more
    goodbye = 4,      ///< the last frame: the sender is done
  };
  static constexpr std::uint8_t wake = 1;
  static constexpr std::uint8_t attend = 2;
  static constexpr std::uint16_t no_counter = 0xffff;
  /// A longer put travels as several.
  static constexpr std::uint32_t longest = std::uint32_t{1} << 30;

  Kind kind = Kind::put;
  std::uint8_t flags = 0;
  std::uint16_t counter = no_counter;
  std::uint32_t length = 0;
  std::uint64_t generation = 0;
  std::uint64_t offset = 0;
  std::uint64_t value = 0;
};
static_assert(sizeof(Frame) == 32 && std::is_trivially_copyable_v<Frame> &&
              std::has_unique_object_representations_v<Frame>);

}  // namespace psyne::inline v0
