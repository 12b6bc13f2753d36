#include <psyne/transports/stream/link/frame_reader.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace psyne::inline v0 {

FrameReader::Read FrameReader::read(ByteStream& stream, FrameSink& sink) noexcept {
  if (seen_ != 0) settle(stream);
  if (head_ == 0) {
    if (const FrameSink::Guess guess = sink.guess(); !guess.into.empty()) return read_guessed(stream, sink, guess);
  }
  alignas(64) std::array<std::byte, buffer_bytes> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  const std::size_t wanted = to_.size() >= large ? behind_large : buffer.size();
  const std::size_t direct = to_.size();
  const std::array<iovec, 2> into{iovec{to_.data(), direct}, iovec{buffer.data(), wanted}};
  const ssize_t got = stream.read(direct != 0 ? std::span(into) : std::span(into).last(1));
  if (got == 0) return Read::ended;
  if (got < 0) return failed();
  const auto bytes = static_cast<std::size_t>(got);
  flows_ = bytes >= looked_at;
  if (direct != 0) {
    to_ = to_.subspan(std::min(bytes, direct));
    if (!to_.empty()) return Read::drained;
    head_ = 0;
    if (const Read read = after(sink.came(frame_)); read != Read::some) return read;
  }
  const Read read = take(std::span(buffer).first(bytes - direct), sink);
  return read == Read::some && bytes < direct + wanted ? Read::drained : read;
}

FrameReader::Read FrameReader::failed() noexcept {
  flows_ = false;
  return errno == EAGAIN ? Read::nothing : Read::failed;
}

// One system call for a message and all that stands before it, without a copy, where the guess is right: its first byte
// goes where it is. Where it is not, what came lies where a put may go.
FrameReader::Read FrameReader::read_guessed(ByteStream& stream, FrameSink& sink,
                                            const FrameSink::Guess& guess) noexcept {
  std::array<std::byte, most_before> before, first;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  const std::size_t head = std::min(guess.before, before.size());
  const std::size_t most = std::min(guess.into.size(), most_guessed);
  const std::array<iovec, 2> into{iovec{before.data(), head}, iovec{guess.into.data(), most}};
  const ssize_t got = stream.read(into);
  if (got == 0) return Read::ended;
  if (got < 0) return failed();
  const auto bytes = static_cast<std::size_t>(got);
  flows_ = bytes >= looked_at;
  const std::span<const std::byte> rest = guess.into.first(bytes - std::min(bytes, head));
  const std::span<const std::byte> kept = std::span(first).first(std::min(first.size(), rest.size()));
  std::ranges::copy(rest.first(kept.size()), first.begin());
  Read read = take(std::span(before).first(std::min(bytes, head)), sink);
  if (read == Read::some) {
    const bool right = !to_.empty() && to_.data() == guess.into.data();
    read = right ? take(rest, sink) : take_aside(kept, rest.subspan(kept.size()), sink);
  }
  return read == Read::some && bytes < head + most ? Read::drained : read;
}

// Bytes that lie where they may go themselves, by at most `most_before` further on than they lie: a piece is copied
// aside before the one before it goes anywhere.
FrameReader::Read FrameReader::take_aside(std::span<const std::byte> kept, std::span<const std::byte> rest,
                                          FrameSink& sink) noexcept {
  std::array<std::array<std::byte, 4096>, 2> pieces;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  static_assert(sizeof pieces[0] >= most_before);
  for (std::size_t turn = 0;; turn ^= 1U) {
    const auto next = std::span(pieces[turn]).first(std::min(pieces[turn].size(), rest.size()));
    std::ranges::copy(rest.first(next.size()), next.begin());
    rest = rest.subspan(next.size());
    const Read read = take(kept, sink);
    if (read != Read::some || next.empty()) return read;
    kept = next;
  }
}

FrameReader::Read FrameReader::look(ByteStream& stream, FrameSink& sink) noexcept {
  // The rest of a large put is taken out whatever it is; to peek at it first costs 3 us whenever the reader is faster.
  if (flows_ || seen_ >= most_seen || to_.size() >= large) return read(stream, sink);
  std::array<std::byte, looked_at> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  const ssize_t got = stream.peek(buffer);
  if (got == 0) return Read::ended;
  if (got < 0) return errno == EAGAIN ? Read::nothing : Read::failed;
  const auto bytes = static_cast<std::size_t>(got);
  if (bytes <= seen_) return Read::nothing;
  if (bytes == buffer.size()) return read(stream, sink);  // more than is left at the socket
  const auto fresh = std::span(buffer).first(bytes).subspan(seen_);
  seen_ = bytes;
  const Read read = take(fresh, sink);
  return read == Read::some ? Read::drained : read;
}

void FrameReader::settle(ByteStream& stream) noexcept { stream.discard(std::exchange(seen_, 0)); }

void FrameReader::relocate(std::span<std::byte> to) noexcept {
  const std::size_t come = to.size() - to_.size();
  if (come != 0) std::memcpy(to.data(), to_.data() - come, come);
  to_ = to.subspan(come);
}

FrameReader::Read FrameReader::after(FrameSink::Next next) noexcept {
  switch (next) {
    case FrameSink::Next::more: return Read::some;
    case FrameSink::Next::nothing: return Read::ended;
    case FrameSink::Next::cut_off: break;
  }
  return Read::corrupted;
}

// `some` when all of it was taken.
FrameReader::Read FrameReader::take(std::span<const std::byte> bytes, FrameSink& sink) noexcept {
  while (!bytes.empty()) {
    if (head_ < sizeof(Frame)) {
      const std::size_t part = std::min(sizeof(Frame) - head_, bytes.size());
      std::memcpy(reinterpret_cast<std::byte*>(&frame_) + head_, bytes.data(), part);
      head_ += part;
      bytes = bytes.subspan(part);
      if (head_ < sizeof(Frame)) break;
      if (!begin(sink)) return Read::corrupted;
    }
    const std::size_t part = std::min(to_.size(), bytes.size());
    if (part != 0 && to_.data() != bytes.data()) std::memmove(to_.data(), bytes.data(), part);
    to_ = to_.subspan(part);
    bytes = bytes.subspan(part);
    if (!to_.empty()) break;
    head_ = 0;
    if (const Read read = after(sink.came(frame_)); read != Read::some) return read;
  }
  return Read::some;
}

bool FrameReader::begin(FrameSink& sink) noexcept {
  to_ = {};
  if (frame_.length == 0) return true;
  if (frame_.kind != Frame::Kind::put || frame_.length > Frame::longest) return false;
  const auto place = sink.place(frame_);
  if (!place || place->size() != frame_.length) return false;
  to_ = *place;
  return true;
}

}  // namespace psyne::inline v0
