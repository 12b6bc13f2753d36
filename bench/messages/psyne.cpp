// psyne: typed messages, and what a lane costs that only waits.
#include <psyne/core/transport/transport.hpp>

#include "messages/psyne_channel.hpp"
#include "messages/psyne_idle.hpp"
#include "pair/session.hpp"
#include "pair/works.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace psyne::bench {
namespace {

using Word = Fixed<1>;
using Line = Fixed<8>;
using Lines = Fixed<32>;

template <class T>
std::optional<double> measure_channel(const std::string& scheme, const Cell& cell, Side side, Control& control) {
  Channel<T> channel(scheme, cell, side, control);
  return measure_peer(channel, cell, side, control);
}

std::optional<double> measure_typed(const std::string& scheme, const Cell& cell, Side side, Control& control) {
  switch (cell.size) {
    case sizeof(Word): return measure_channel<Word>(scheme, cell, side, control);
    case sizeof(Line): return measure_channel<Line>(scheme, cell, side, control);
    case sizeof(Lines): return measure_channel<Lines>(scheme, cell, side, control);
    default: return measure_channel<ByteVector>(scheme, cell, side, control);
  }
}

double measure_encrypted_stream(const Cell& cell, Side side, Control& control) {
  using Bytes = Channel<ByteVector>;
  Bytes channel("tls", cell, side, control);
  return in_unit(cell, take_part(Stream<Bytes>(channel, cell, control), side));
}

/// Sends text, which can be compressed, under the stamps of the messages that it is given.
class TextChannel : public Channel<ByteVector> {
 public:
  TextChannel(const std::string& scheme, const Cell& cell, Side side, Control& control)
      : Channel(scheme, cell, side, control), text_(cell.size) {
    constexpr std::array<std::string_view, 12> words{
        "{\"time\": ",  "\"price\": ", "\"symbol\": ", "\"volume\": ", "\"EURUSD\"", "\"USDJPY\"",
        "1731542400, ", "1.0842, ",    "151.37, ",     "null, ",       "true}\n",    "250000, "};
    std::minstd_rand random;
    for (std::size_t filled = 0; filled < text_.size();) {
      const auto word = std::as_bytes(std::span(words[random() % words.size()]));
      const std::size_t bytes = std::min(word.size(), text_.size() - filled);
      std::ranges::copy(word.first(bytes), text_.begin() + static_cast<std::ptrdiff_t>(filled));
      filled += bytes;
    }
  }

  void start_send(std::size_t, std::span<const std::byte> message) {
    constexpr std::size_t stamp = sizeof(std::uint64_t);
    std::ranges::copy(message.first(stamp), text_.begin());
    std::ranges::copy(message.last(stamp), text_.end() - stamp);
    send(text_);
  }

 private:
  std::vector<std::byte> text_;
};

double measure_compressed_stream(const std::string& scheme, const Cell& cell, Side side, Control& control) {
  TextChannel channel(scheme, cell, side, control);
  return in_unit(cell, take_part(Stream<TextChannel>(channel, cell, control), side));
}

/// A stream of small messages over ipc, sent in batches of 64 and received as many at once as there are. No peer has
/// batches of messages; one by one, psyne's next message would wait for the line that the receiver is reading the last
/// one from.
double measure_small_stream(const Cell& cell, Side side, Control& control) {
  Channel<Word> channel("ipc", cell, side, control);
  if (side == Side::leader) {
    return in_unit(cell, lead_one_way(cell, control, [&channel](std::uint64_t count) {
                     std::array<Word, 64> batch;
                     for (std::uint64_t i = 0; i < count;) {
                       std::size_t filled = 0;
                       while (filled < batch.size() && i < count) batch[filled++] = Word{{i++}};
                       channel.send_many(std::span(batch.data(), filled));
                     }
                   }));
  }
  follow_one_way(
      control, [](std::uint64_t) {},
      [&channel](std::uint64_t count) {
        std::uint64_t expected = 0;
        channel.read_many(count, [&expected](const Word& message) {
          if (message.word[0] != expected++) throw std::runtime_error("a message was lost, or came twice");
        });
      });
  return 0;
}

/// Nothing where this psyne has no such transport.
std::optional<double> measure(Over over, const Cell& cell, Side side, Control& control) {
  const std::string scheme = cell.work == Work::tls_stream ? "tls" : over == Over::tcp ? "tcp" : "ipc";
  if (!transport_for(scheme)) return std::nullopt;
  switch (cell.work) {
    case Work::tls_stream: return measure_encrypted_stream(cell, side, control);
    case Work::lz4_stream: return measure_compressed_stream(scheme, cell, side, control);
    case Work::idle_cpu:
    case Work::idle_wakes: return measure_idle(scheme, 1, cell, side, control);
    case Work::idle_links_cpu: return measure_idle(scheme, cell.size, cell, side, control);
    case Work::idle_links_memory: return measure_memory_of_links(scheme, cell.size, side, control);
    case Work::memory: return measure_memory_of_lanes(scheme, side, control);
    case Work::messages:
      if (over == Over::ipc) return measure_small_stream(cell, side, control);
      return measure_typed(scheme, cell, side, control);
    default: return measure_typed(scheme, cell, side, control);
  }
}

}  // namespace
}  // namespace psyne::bench

int main(int argc, char** argv) {
  using namespace psyne::bench;
  return run_pair(argc, argv, [](const Options& options) -> Measure {
    return [over = options.over](const Cell& cell, Side side, Control& control) {
      return measure(over, cell, side, control);
    };
  });
}
