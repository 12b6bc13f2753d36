#pragma once

#include <psyne/transports/stream/link/frame.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace psyne::inline v0 {

/// Who is told what a FrameReader read. Everything in a frame is a stranger's word, and checked here.
class FrameSink {
 public:
  virtual ~FrameSink() = default;
  /// Where the bytes of a put go; nothing where the peer may not put there.
  virtual std::optional<std::span<std::byte>> place(const Frame& frame) noexcept = 0;
  enum class Next : std::uint8_t {
    more,
    nothing,  ///< it was the last
    cut_off   ///< it says what cannot be
  };
  /// The frame has come whole.
  virtual Next came(const Frame& frame) noexcept = 0;
};

}  // namespace psyne::inline v0
