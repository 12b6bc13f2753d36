#include <psyne/transports/stream/link/frame_reader.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace psyne::inline v0 {

FrameReader::Read FrameReader::read(ByteStream& stream, FrameSink& sink) noexcept {
  if (seen_ != 0) settle(stream);
  alignas(64) std::array<std::byte, buffer_bytes> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  // After a large put the next one is likely large as well: only its frame is wanted in the buffer.
  const std::size_t wanted = to_.size() >= large ? sizeof(Frame) : buffer.size();
  const std::size_t direct = to_.size();
  const std::array<iovec, 2> into{iovec{to_.data(), direct}, iovec{buffer.data(), wanted}};
  const ssize_t got = stream.read(direct != 0 ? std::span(into) : std::span(into).last(1));
  if (got == 0) return Read::ended;
  if (got < 0) {
    flows_ = false;
    return errno == EAGAIN ? Read::nothing : Read::failed;
  }
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

FrameReader::Read FrameReader::look(ByteStream& stream, FrameSink& sink) noexcept {
  if (flows_ || seen_ >= most_seen) return read(stream, sink);
  std::array<std::byte, looked_at> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  const ssize_t got = stream.peek(buffer);
  if (got == 0) return Read::ended;
  if (got < 0) return errno == EAGAIN ? Read::nothing : Read::failed;
  const auto bytes = static_cast<std::size_t>(got);
  if (bytes <= seen_) return Read::nothing;
  const auto fresh = std::span(buffer).first(bytes).subspan(seen_);
  seen_ = bytes;
  flows_ = bytes == buffer.size();
  const Read read = take(fresh, sink);
  return read == Read::some && bytes < buffer.size() ? Read::drained : read;
}

void FrameReader::settle(ByteStream& stream) noexcept { stream.discard(std::exchange(seen_, 0)); }

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
    if (part != 0) std::memcpy(to_.data(), bytes.data(), part);
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
