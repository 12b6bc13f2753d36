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
  /// What most likely comes next, where nothing is under way: so many bytes of frames and small puts, then a put that
  /// goes `into`. Only a guess, nothing where there is none: it may come later, and go there then, but no other does.
  struct Guess {
    std::size_t before = 0;
    std::span<std::byte> into;
  };
  virtual Guess guess() const noexcept { return {}; }
  enum class Next : std::uint8_t {
    more,
    nothing,  ///< it was the last
    cut_off   ///< it says what cannot be
  };
  /// The frame has come whole.
  virtual Next came(const Frame& frame) noexcept = 0;
};

}  // namespace psyne::inline v0
