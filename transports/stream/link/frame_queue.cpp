#include <psyne/transports/stream/link/frame_queue.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <optional>
#include <utility>

namespace psyne::inline v0 {

namespace {

constexpr std::size_t most_pieces = 128;  // of one system call

// The first part of a long write goes alone, so that the other end is awake and copies it out while the rest is copied
// in: 1 MiB one way took 91 us in place of 96. For 64 KiB the second call costs more than that gives: 12.7 us in place
// of 10.6. Soon after another long one the other end is awake, and in a stream of 1 MiB that call is 3 % of the time.
constexpr std::size_t long_write = std::size_t{256} << 10U;
constexpr std::size_t first_part = std::size_t{32} << 10U;

/// What one system call writes. Short stretches next to each other are copied together, for a list of pieces is copied
/// in by the kernel, and walked (8 B one way: 0.1 us of 4).
class Pieces {
 public:
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): as many are read as were added
  Pieces() noexcept {}

  void add(std::span<const std::byte> bytes) noexcept {
    bytes_ += bytes.size();
    const bool is_short = bytes.size() <= longest_joined && bytes.size() <= joined_.size() - filled_;
    if (!is_short) {
      list_[used_++] = piece(bytes);
      extends_ = false;
      return;
    }
    std::byte* const place = joined_.data() + filled_;
    std::memcpy(place, bytes.data(), bytes.size());
    filled_ += bytes.size();
    if (extends_) {
      list_[used_ - 1].iov_len += bytes.size();
    } else {
      list_[used_++] = {place, bytes.size()};
      extends_ = true;
    }
  }
  bool full() const noexcept { return used_ + 2 > list_.size(); }
  std::size_t bytes() const noexcept { return bytes_; }
  std::span<iovec> list() noexcept { return std::span(list_).first(used_); }

 private:
  static constexpr std::size_t longest_joined = 256;

  std::array<iovec, most_pieces> list_;
  std::size_t used_ = 0;
  std::size_t bytes_ = 0;
  std::array<std::byte, 4096> joined_;
  std::size_t filled_ = 0;
  bool extends_ = false;  // the last piece lies at the end of what is joined
};

std::span<iovec> part_of(std::span<iovec> pieces, std::size_t bytes) noexcept {
  std::size_t used = 0;
  for (; bytes != 0; ++used) {
    pieces[used].iov_len = std::min(pieces[used].iov_len, bytes);
    bytes -= pieces[used].iov_len;
  }
  return pieces.first(used);
}

}  // namespace

FrameQueue::Entry& FrameQueue::next() {
  if (count_ == entries_.size()) {
    std::vector<Entry> larger(2 * entries_.size());
    for (std::size_t place = 0; place < count_; ++place) larger[place] = std::move(entry(place));
    entries_ = std::move(larger);
    first_ = 0;
  }
  return entry(count_++);
}

void FrameQueue::push(const Frame& frame, std::span<const std::byte> payload, Token post, bool ends) {
  Entry& last = next();
  last.frame = frame;
  last.frame_bytes = sizeof(Frame);
  last.payload = payload;
  last.post = post;
  last.ends = ends;
  posts_ += ends ? 1 : 0;
}

void FrameQueue::push(std::vector<std::byte> bytes) {
  Entry& last = next();
  last.frame_bytes = 0;
  last.own = std::move(bytes);
  last.payload = last.own;
  last.ends = false;
}

void FrameQueue::keep_payload(Entry& entry) {
  if (entry.payload.empty() || entry.payload.data() == entry.own.data()) return;
  entry.own.assign(entry.payload.begin(), entry.payload.end());
  entry.payload = entry.own;
}

void FrameQueue::moved(std::span<const std::byte> from, const std::byte* to) noexcept {
  const std::less_equal<const std::byte*> up_to;
  for (std::size_t place = 0; place < count_; ++place) {
    std::span<const std::byte>& payload = entry(place).payload;
    const std::byte* const end = payload.data() + payload.size();
    if (payload.empty() || !up_to(from.data(), payload.data()) || !up_to(end, from.data() + from.size())) continue;
    payload = {to + (payload.data() - from.data()), payload.size()};
  }
}

FrameQueue::Write FrameQueue::write(ByteStream& stream) noexcept {
  Write how = Write::all;
  std::optional<Deadline> began;  // of a long one
  for (bool first = true; how == Write::all && count_ != 0; first = false) {
    Pieces pieces;
    std::size_t skip = sent_;
    for (std::size_t place = 0; place < count_ && !pieces.full(); ++place) {
      const Entry& one = entry(place);
      if (skip < one.frame_bytes) {
        pieces.add(std::as_bytes(std::span(&one.frame, 1)).subspan(skip));
        skip = 0;
      } else {
        skip -= one.frame_bytes;
      }
      if (skip < one.payload.size()) pieces.add(one.payload.subspan(skip));
      skip = 0;
    }
    std::span<iovec> chosen = pieces.list();
    std::size_t wanted = pieces.bytes();
    if (first && wanted >= long_write) {
      began = Clock::now();
      const bool follows = 2 * (*began - ended_) < took_;
      if (!follows) chosen = part_of(chosen, wanted = first_part);
    }
    const ssize_t sent = stream.write(chosen);
    if (sent < 0) {
      how = errno == EAGAIN ? Write::no_room : Write::failed;
    } else {
      advance(static_cast<std::size_t>(sent));
      if (static_cast<std::size_t>(sent) < wanted) how = Write::no_room;
    }
  }
  if (began) {
    ended_ = Clock::now();
    took_ = ended_ - *began;
  }
  return how;
}

void FrameQueue::advance(std::size_t bytes) noexcept {
  sent_ += bytes;
  while (count_ != 0) {
    Entry& one = entry(0);
    const std::size_t whole = one.frame_bytes + one.payload.size();
    if (sent_ < whole) return;
    sent_ -= whole;
    if (one.ends) {
      written_ = one.post;
      --posts_;
    }
    if (!one.own.empty()) one.own = {};
    first_ = (first_ + 1) & (entries_.size() - 1);
    --count_;
  }
}

bool FrameQueue::wake_with_last() noexcept {
  if (count_ == 0) return false;
  Entry& last = entry(count_ - 1);
  const bool begun = count_ == 1 && sent_ != 0;
  if (last.frame_bytes == 0 || begun || last.frame.kind != Frame::Kind::put) return false;
  last.frame.flags |= Frame::wake;
  return true;
}

std::vector<std::byte> FrameQueue::take_rest() {
  std::vector<std::byte> rest;
  for (std::size_t place = 0; place < count_; ++place) {
    const Entry& one = entry(place);
    const auto* frame = reinterpret_cast<const std::byte*>(&one.frame);
    rest.insert(rest.end(), frame, frame + one.frame_bytes);
    rest.insert(rest.end(), one.payload.begin(), one.payload.end());
  }
  rest.erase(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(sent_));
  clear();
  return rest;
}

void FrameQueue::clear() noexcept {
  for (std::size_t place = 0; place < count_; ++place) {
    if (entry(place).ends) written_ = entry(place).post;
    entry(place).own = {};
  }
  first_ = count_ = sent_ = posts_ = 0;
}

}  // namespace psyne::inline v0
