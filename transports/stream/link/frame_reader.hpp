#pragma once

#include <psyne/transports/stream/link/byte_stream.hpp>
#include <psyne/transports/stream/link/frame.hpp>
#include <psyne/transports/stream/link/frame_sink.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace psyne::inline v0 {

/// Takes a stream apart into frames. By one thread at a time; 96 bytes, and no memory of its own for what is under way:
/// the rest of a put is read straight into its place, along with the next frame; what is smaller comes by a buffer on
/// the stack, many frames in one system call.
class FrameReader {
 public:
  enum class Read : std::uint8_t {
    some,     ///< perhaps there is more
    drained,  ///< that was all, but the end may be behind it
    nothing,  ///< there was nothing
    ended,    ///< the stream has ended, by its last frame, between two frames or within one
    failed,   ///< errno says how
    corrupted
  };

  /// One system call. After `ended`, `failed` and `corrupted` not again.
  Read read(ByteStream& stream, FrameSink& sink) noexcept;
  /// As read(), for a stream that peeks and for who looks again soon: leaves at the socket what it took, as long as
  /// that is little. TCP acknowledges every second small segment as it is taken out, by a packet of its own, before the
  /// program has what was in it: of 7.5 us one way, 2.7 (round trips of 8 B by two connections, each for one
  /// direction).
  Read look(ByteStream& stream, FrameSink& sink) noexcept;
  /// The put of which a part has come, or nothing.
  std::optional<Frame> under_way() const noexcept {
    return head_ == sizeof(Frame) && !to_.empty() ? std::optional(frame_) : std::nullopt;
  }
  /// Its bytes go there, as many as it has; those that have come are copied.
  void relocate(std::span<std::byte> to) noexcept;
  /// Takes out what look() left.
  void settle(ByteStream& stream) noexcept;

 private:
  // Larger puts save themselves the copy; below, the second system call costs more (measured in the bench of links).
  static constexpr std::size_t buffer_bytes = std::size_t{16} << 10U;
  static constexpr std::size_t large = buffer_bytes;
  // After a large put the next one is likely large as well: only what stands before its bytes is wanted in the buffer.
  static constexpr std::size_t behind_large = 128;
  // Of a put that is guessed to come: a wrong guess moves so much.
  static constexpr std::size_t most_guessed = std::size_t{256} << 10U;
  static constexpr std::size_t most_before = 256;
  // What is left at the socket is copied anew by every look, message by message: 8 B one way took 5.9 us where two or
  // three were left, 6.2 where none was, 6.9 with seven and 8.4 with twenty.
  static constexpr std::size_t most_seen = 128;
  static constexpr std::size_t looked_at = 2048;

  Read read_guessed(ByteStream& stream, FrameSink& sink, const FrameSink::Guess& guess) noexcept;
  Read take_aside(std::span<const std::byte> kept, std::span<const std::byte> rest, FrameSink& sink) noexcept;
  Read failed() noexcept;
  static Read after(FrameSink::Next next) noexcept;
  Read take(std::span<const std::byte> bytes, FrameSink& sink) noexcept;
  bool begin(FrameSink& sink) noexcept;

  Frame frame_;              // of which `head_` bytes have come
  std::size_t head_ = 0;     // below sizeof(Frame): it is not whole
  std::span<std::byte> to_;  // where the rest of its bytes go
  std::size_t seen_ = 0;     // bytes at the socket that were taken already
  bool flows_ = false;       // so much came last that looking would be one more system call
};

}  // namespace psyne::inline v0
