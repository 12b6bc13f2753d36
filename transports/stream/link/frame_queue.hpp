#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/transport/post.hpp>
#include <psyne/transports/stream/link/byte_stream.hpp>
#include <psyne/transports/stream/link/frame.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace psyne::inline v0 {

/// What is to go out on a stream, in order: frames, and where the bytes of their puts lie, which are not copied. By one
/// thread at a time. A post whose bytes the socket takes at once allocates nothing.
class FrameQueue {
 public:
  /// `payload` stays as it is until written() says so, or keep() has copied it; `post` numbers the post that the frame
  /// belongs to, its last frame says `ends`.
  void push(const Frame& frame, std::span<const std::byte> payload, Token post, bool ends);
  /// Bytes that are no frame.
  void push(std::vector<std::byte> bytes);

  /// From now on the queue has bytes of its own in place of those of the puts that `wanted(payload)` says.
  template <class Wanted>
  void keep(const Wanted& wanted) {
    for (std::size_t place = 0; place < count_; ++place) {
      if (wanted(entry(place).payload)) keep_payload(entry(place));
    }
  }

  /// What lies within `from` lies at `to` from now on.
  void moved(std::span<const std::byte> from, const std::byte* to) noexcept;

  bool empty() const noexcept { return count_ == 0; }
  /// How many frames wait, in whole or in part, and how many posts.
  std::size_t frames() const noexcept { return count_; }
  std::size_t posts() const noexcept { return posts_; }
  /// The last post whose bytes are not needed any more.
  Token written() const noexcept { return written_; }

  enum class Write : std::uint8_t { all, no_room, failed };
  /// Writes until the stream has no room; after `failed` errno says how.
  Write write(ByteStream& stream) noexcept;

  /// Whoever sleeps at the other end is woken by what waits already. False when nothing waits that could.
  bool wake_with_last() noexcept;

  /// What is not out, as bytes; nothing is left.
  std::vector<std::byte> take_rest();
  /// Gives up what is not out.
  void clear() noexcept;

 private:
  struct Entry {
    Frame frame;
    std::size_t frame_bytes = 0;  // sizeof(Frame), or none
    std::span<const std::byte> payload;
    std::vector<std::byte> own;
    Token post = 0;
    bool ends = false;
  };

  Entry& entry(std::size_t place) noexcept { return entries_[(first_ + place) & (entries_.size() - 1)]; }
  Entry& next();
  static void keep_payload(Entry& entry);
  void advance(std::size_t bytes) noexcept;

  std::vector<Entry> entries_ = std::vector<Entry>(8);  // a power of two, from first_ on, around
  std::size_t first_ = 0;
  std::size_t count_ = 0;
  std::size_t sent_ = 0;  // of the first
  std::size_t posts_ = 0;
  Token written_ = 0;

  // Of the last long write.
  Deadline ended_{};
  Clock::duration took_{0};
};

}  // namespace psyne::inline v0
