// A peer that writes anything into a stream, in any pieces: the link does what a model of it does that has the whole
// stream before it, byte for byte, up to the first frame that cannot be, and not one byte beyond.
#include <psyne/core/service/service.hpp>
#include <psyne/transports/stream/link/socket_stream.hpp>
#include <psyne/transports/stream/link/stream_link.hpp>

#include "input.hpp"

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
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

std::vector<std::byte> stream_of(Input& input, std::uint64_t window) {
  std::vector<std::byte> stream;
  while (!input.empty() && stream.size() < 32 * 1024) {
    Frame frame;
    const auto how = input.take<std::uint8_t>();
    frame.kind = static_cast<Frame::Kind>(how < 8 ? how : 1 + how % 4);
    frame.flags = input.take<std::uint8_t>() % (how < 16 ? 255 : 4);
    frame.counter = static_cast<std::uint16_t>(input.take<std::uint8_t>() % (how < 32 ? 40 : 32));
    frame.generation = input.position(window) % (how < 64 ? ~0ULL : 4);
    if (frame.kind == Frame::Kind::put) {
      frame.length = input.take<std::uint16_t>() % (how < 96 ? 6000 : 64);
      frame.offset = how < 128 ? input.position(window_bytes) : input.take<std::uint16_t>() % window_bytes;
    }
    frame.value = input.take<std::uint32_t>();
    const auto* head = reinterpret_cast<const std::byte*>(&frame);
    stream.insert(stream.end(), head, head + (how == 255 ? input.take<std::uint8_t>() % sizeof frame : sizeof frame));
    stream.insert(stream.end(), frame.length, std::byte{0x5a});
  }
  return stream;
}

/// What a link makes of a stream: slow, plain, and without a socket.
struct Model {
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
      if (frame.length != 0) std::memcpy(memory.data() + frame.offset, stream.data(), frame.length);
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
  void cut_off() { state = psyne::PeerState::lost; }

  std::uint64_t window;
  std::vector<std::byte> memory = std::vector<std::byte>(window_bytes);
  std::array<std::uint64_t, psyne::StreamLink::counters> counters{};
  std::pair<std::uint64_t, std::uint64_t> under_way{0, 0};  // of a put that has not come whole
  psyne::PeerState state = psyne::PeerState::alive;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static psyne::Service& service = *psyne::Service::process().value();
  Input input(data, size);
  std::array<int, 2> ends{};
  check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) == 0);
  const psyne::Descriptor stranger(ends[1]);
  auto line = std::make_shared<psyne::LifeLine>(psyne::Descriptor(ends[0]));
  psyne::StreamLink link(line, std::make_unique<psyne::SocketStream>(line), {.pid = 1, .name = "stranger"}, {});
  const auto memory = psyne::Region::allocate(window_bytes, "window", {}).value();
  const auto shown_memory = psyne::Region::allocate(window_bytes, "shown", {}).value();
  const std::uint64_t shown = link.expose(shown_memory, psyne::Access::read).value().generation;
  const std::uint64_t window = link.expose(memory, psyne::Access::write).value().generation;
  check(window == shown + 1);
  service.run([&] { link.start({}).value(); });

  const std::vector<std::byte> stream = stream_of(input, window);
  Model model(window);
  model.run(stream);
  std::span<const std::byte> left = stream;
  int unread = 1;
  psyne::RemoteSpan exposed;
  exposed.generation = window;
  std::vector<std::byte> wanted(1 + input.take<std::uint16_t>() % 5000);
  std::vector<bool> redirected(window_bytes);  // what lands elsewhere is put back over what has landed there since
  while ((!left.empty() || unread > 0) && link.peer_state() == psyne::PeerState::alive) {
    const std::size_t piece = std::min<std::size_t>(left.size(), 1 + input.take<std::uint16_t>() % 5000);
    const ssize_t sent = send(stranger.get(), left.data(), piece, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) left = left.subspan(static_cast<std::size_t>(sent));
    if (const auto turn = input.take<std::uint8_t>(); turn % 8 == 1) {
      const psyne::Redirect redirect{.offsets = {input.position(window_bytes), input.position(window_bytes)},
                                     .into = wanted,
                                     .puts_before = turn % 3U,
                                     .bytes_before = input.take<std::uint8_t>()};
      link.end_redirect(false);
      link.redirect(exposed, redirect);
      for (const std::uint64_t offset : redirect.offsets) {
        for (std::size_t place = offset; place < std::min(offset + wanted.size(), window_bytes); ++place)
          redirected[place] = true;
      }
    } else if (turn % 8 == 2) {
      link.end_redirect(false);
    }
    link.progress().value();
    check(ioctl(line->get(), FIONREAD, &unread) == 0);
  }
  service.run([&] { link.progress().value(); });  // after what the service thread may be reading just now
  link.end_redirect(false);
  check(link.peer_state() == model.state);
  for (std::uint32_t counter = 0; counter < model.counters.size(); ++counter)
    check(link.counter(counter) == model.counters[counter]);
  for (std::size_t place = 0; place < window_bytes; ++place) {
    const bool landing = place >= model.under_way.first && place - model.under_way.first < model.under_way.second;
    check(landing || redirected[place] || memory.bytes()[place] == model.memory[place]);
  }
  check(std::ranges::all_of(shown_memory.bytes(), [](std::byte byte) { return byte == std::byte{0}; }));
  return 0;
}
