// A peer that writes anything into a stream, in any pieces: the link does what a model of it does that has the whole
// stream before it, byte for byte, up to the first frame that cannot be, and not one byte beyond.
#include <psyne/core/service/service.hpp>
#include <psyne/transports/stream/link/stream_link.hpp>

#include "input.hpp"

#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace {

using psyne::Frame;
using psyne_fuzz::Input;

constexpr std::size_t window_bytes = 4096;

void check(bool promise) {
  if (!promise) std::abort();
}

constexpr std::size_t longest_stream = 32 * 1024, longest_put = 6000;

/// What puts carry: no two stretches of it are alike.
const std::vector<std::byte>& payload() {
  static const auto bytes = [] {
    std::vector<std::byte> made;
    std::uint32_t state = 1;
    while (made.size() < longest_stream + 2 * longest_put)
      made.push_back(static_cast<std::byte>((state = state * 1664525 + 1013904223) >> 24U));
    return made;
  }();
  return bytes;
}

const std::vector<std::byte>& stream_of(Input& input, std::uint64_t window) {
  static std::vector<std::byte> stream;
  stream.clear();
  while (!input.empty() && stream.size() < longest_stream) {
    Frame frame;
    const auto how = input.take<std::uint8_t>();
    frame.kind = static_cast<Frame::Kind>(how < 8 ? how : 1 + how % 4);
    frame.flags = input.take<std::uint8_t>() % (how < 16 ? 255 : 4);
    frame.counter = static_cast<std::uint16_t>(input.take<std::uint8_t>() % (how < 32 ? 40 : 32));
    frame.generation = input.position(window) % (how < 64 ? ~0ULL : 4);
    if (frame.kind == Frame::Kind::put) {
      frame.length = input.take<std::uint16_t>() % (how < 96 ? longest_put : 64);
      frame.offset = how < 128 ? input.position(window_bytes) : input.take<std::uint16_t>() % window_bytes;
    }
    frame.value = input.take<std::uint32_t>();
    const auto* head = reinterpret_cast<const std::byte*>(&frame);
    stream.insert(stream.end(), head, head + (how == 255 ? input.take<std::uint8_t>() % sizeof frame : sizeof frame));
    const auto bytes = std::span(payload()).subspan(stream.size(), frame.length);
    stream.insert(stream.end(), bytes.begin(), bytes.end());
  }
  return stream;
}

/// What a link makes of a stream: slow, plain, and without a socket.
struct Model {
  struct Put {
    std::size_t offset;
    std::span<const std::byte> bytes;
  };
  explicit Model(std::uint64_t of) : window(of) {}
  void run(std::span<const std::byte> stream) {
    while (stream.size() >= sizeof(Frame)) {
      Frame frame;
      std::memcpy(&frame, stream.data(), sizeof frame);
      stream = stream.subspan(sizeof frame);
      const bool put = frame.kind == Frame::Kind::put;
      const bool fits =
          frame.generation == window && frame.offset <= window_bytes && frame.length <= window_bytes - frame.offset;
      if (frame.length != 0 && !(put && fits)) return cut_off();
      if (frame.length > stream.size()) {
        under_way = {frame.offset, frame.length};
        return;
      }
      if (frame.length != 0) {
        puts.push_back({.offset = frame.offset, .bytes = stream.first(frame.length)});
        std::memcpy(memory.data() + frame.offset, stream.data(), frame.length);
      }
      stream = stream.subspan(frame.length);
      if (frame.kind == Frame::Kind::goodbye) {
        state = psyne::PeerState::closed;
        return;
      }
      const bool signals = put && frame.counter != Frame::no_counter;
      if (signals && frame.counter >= counters.size()) return cut_off();
      if (signals) counters[frame.counter] = frame.value;
      if ((!put && frame.kind != Frame::Kind::revoke) || (frame.flags & 0xfcU) != 0) return cut_off();
    }
  }
  /// Whether that could land elsewhere: it is a put, and all of it.
  bool has_put(std::size_t offset, std::span<const std::byte> bytes) const {
    return std::ranges::any_of(puts, [&](const Put& put) {
      return put.offset == offset && put.bytes.size() == bytes.size() &&
             std::memcmp(put.bytes.data(), bytes.data(), bytes.size()) == 0;
    });
  }
  /// Whether several share a place in there.
  bool has_overlapping(std::size_t offset, std::size_t bytes) const {
    return std::ranges::count_if(puts, [&](const Put& put) {
             return put.offset < offset + bytes && offset < put.offset + put.bytes.size();
           }) > 1;
  }
  void cut_off() { state = psyne::PeerState::lost; }

  std::uint64_t window;
  std::vector<std::byte> memory = std::vector<std::byte>(window_bytes);
  std::vector<Put> puts;
  std::array<std::uint64_t, psyne::StreamLink::counters> counters{};
  std::pair<std::uint64_t, std::uint64_t> under_way{0, 0};  // of a put that has not come whole
  psyne::PeerState state = psyne::PeerState::alive;
};

/// A stream from a stranger, who does not close it and takes all that goes to him. It lies in memory: what a socket
/// adds to it costs more than all that is tried here.
class StrangerStream final : public psyne::ByteStream {
 public:
  StrangerStream(int descriptor, std::span<const std::byte> coming, bool peeks)
      : descriptor_(descriptor), coming_(coming), peeks_(peeks) {}

  void arrive(std::size_t bytes) { arrived_ = std::min(arrived_ + bytes, coming_.size()); }
  /// Whether the link has seen all of it.
  bool dry() const { return shown_ == coming_.size(); }

  int descriptor() const noexcept override { return descriptor_; }
  ssize_t read(std::span<const iovec> into) noexcept override {
    std::size_t got = 0;
    for (const iovec& piece : into) got += copy(got, {static_cast<std::byte*>(piece.iov_base), piece.iov_len});
    discard(got);
    shown_ = 0;
    return of(got);
  }
  bool peeks() const noexcept override { return peeks_; }
  ssize_t peek(std::span<std::byte> into) noexcept override { return of(shown_ = copy(0, into)); }
  void discard(std::size_t bytes) noexcept override {
    check(bytes <= arrived_);
    coming_ = coming_.subspan(bytes);
    arrived_ -= bytes;
    shown_ -= std::min(shown_, bytes);
  }
  ssize_t write(std::span<const iovec> from) noexcept override {
    ssize_t sent = 0;
    for (const iovec& piece : from) sent += static_cast<ssize_t>(piece.iov_len);
    return sent;
  }

 private:
  std::size_t copy(std::size_t at, std::span<std::byte> into) const {
    const std::size_t part = std::min(into.size(), arrived_ - at);
    if (part != 0) std::memcpy(into.data(), coming_.data() + at, part);
    return part;
  }
  static ssize_t of(std::size_t got) {
    if (got == 0) errno = EAGAIN;
    return got == 0 ? -1 : static_cast<ssize_t>(got);
  }

  int descriptor_;
  std::span<const std::byte> coming_;  // that was not taken out
  std::size_t arrived_ = 0;            // of these
  std::size_t shown_ = 0;              // of these, by the last peek
  bool peeks_;
};

/// What all inputs use, and leave as it was.
struct Ground {
  // Never readable, and nothing else is watched for: the service thread is never called, and a link lives here alone.
  std::shared_ptr<psyne::LifeLine> line =
      std::make_shared<psyne::LifeLine>(psyne::Descriptor(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)));
  psyne::Region memory = psyne::Region::allocate(window_bytes, "window", {}).value();
  psyne::Region shown = psyne::Region::allocate(window_bytes, "shown", {}).value();
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Ground ground;
  std::memset(ground.memory.bytes().data(), 0, window_bytes);
  const std::size_t deeds = size / 4;  // what is done with the stream; the rest is what comes by it
  Input input(data, deeds), frames(data + deeds, size - deeds);
  constexpr std::uint64_t shown = 1, window = 2;
  const bool peeks = input.take<std::uint8_t>() % 2 == 1;
  const std::vector<std::byte>& bytes = stream_of(frames, window);
  const auto stream = std::make_shared<StrangerStream>(ground.line->get(), bytes, peeks);
  psyne::StreamLink link(ground.line, stream, {.pid = 1, .name = "stranger"}, {});
  check(link.expose(ground.shown, psyne::Access::read).value().generation == shown);
  const psyne::RemoteSpan exposed = link.expose(ground.memory, psyne::Access::write).value();
  check(exposed.generation == window);
  link.start({}).value();

  Model model(window);
  model.run(bytes);
  std::vector<std::byte> wanted(1 + input.take<std::uint16_t>() % 5000);
  bool redirected = false, put_back = false;
  const auto end_redirect = [&] {
    put_back = put_back || link.redirected();
    link.end_redirect(false);
  };
  while (!stream->dry() && link.peer_state() == psyne::PeerState::alive) {
    const auto piece = input.empty() ? std::uint8_t{255} : input.take<std::uint8_t>();
    stream->arrive(piece < 128 ? 1 + std::size_t{piece} : std::size_t{piece} * 64);
    if (const auto turn = input.take<std::uint8_t>(); turn % 8 == 1) {
      const psyne::Redirect redirect{.offsets = {input.position(window_bytes), input.position(window_bytes)},
                                     .into = wanted,
                                     .puts_before = turn % 3U,
                                     .bytes_before = input.take<std::uint8_t>()};
      end_redirect();
      link.redirect(exposed, redirect);
      redirected = true;
    } else if (turn % 8 == 2) {
      end_redirect();
    } else if (turn % 8 == 3) {
      link.settle();
    }
    link.progress().value();
    // One that is under way when an earlier one is put back over it is a peer's who does not wait for credit.
    if (const auto landed = link.redirected())
      check(model.has_put(landed->offset, std::span(wanted).first(landed->bytes)) ||
            (put_back && model.has_overlapping(landed->offset, landed->bytes)));
  }
  link.end_redirect(false);
  check(link.peer_state() == model.state);
  for (std::uint32_t counter = 0; counter < model.counters.size(); ++counter)
    check(link.counter(counter) == model.counters[counter]);
  const auto leave_out = [&](std::size_t from, std::size_t count) {
    std::memcpy(model.memory.data() + from, ground.memory.bytes().data() + from, count);
  };
  leave_out(model.under_way.first, model.under_way.second);
  if (redirected) {  // what landed elsewhere is put back over what has landed there since
    std::array<bool, window_bytes> once{};
    for (const Model::Put& put : model.puts) {
      for (std::size_t place = put.offset; place < put.offset + put.bytes.size(); ++place) {
        if (once[place]) leave_out(place, 1);
        once[place] = true;
      }
    }
  }
  check(std::memcmp(ground.memory.bytes().data(), model.memory.data(), window_bytes) == 0);
  static const std::array<std::byte, window_bytes> nothing{};
  check(std::memcmp(ground.shown.bytes().data(), nothing.data(), window_bytes) == 0);
  return 0;
}
