// psyne over ipc://: typed messages, and what a lane costs that only waits.
#include "ipc/psyne_channel.hpp"
#include "pair/process_usage.hpp"
#include "pair/samples.hpp"
#include "pair/session.hpp"
#include "pair/works.hpp"

#include <sys/types.h>

#include <array>
#include <chrono>
#include <thread>
#include <vector>

namespace psyne::bench {
namespace {

using Word = Fixed<1>;
using Lines = Fixed<32>;

template <class T>
double measure_channel(const Cell& cell, Side side, Control& control) {
  Channel<T> channel(cell, side, control);
  return measure_peer(channel, cell, side, control);
}

/// A stream of small messages, sent in batches of 64 and received as many at once as there are. No peer has batches of
/// messages; one by one, psyne's next message would wait for the line that the receiver is reading the last one from.
double measure_small_stream(const Cell& cell, Side side, Control& control) {
  Channel<Word> channel(cell, side, control);
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

double measure_messages(const Cell& cell, Side side, Control& control) {
  switch (cell.size) {
    case sizeof(Word): return measure_channel<Word>(cell, side, control);
    case sizeof(Lines): return measure_channel<Lines>(cell, side, control);
    default: return measure_channel<ByteVector>(cell, side, control);
  }
}

/// What the follower's process uses while it is blocked in receive(), all its threads counted.
double measure_idle(const Cell& cell, Side side, Control& control) {
  const Names name(side, control);
  if (side == Side::follower) {
    auto receiver = Receiver<Word>::open(name("idle")).value();
    control.send(static_cast<std::uint64_t>(::getpid()));
    if (auto last = receiver.receive(); !last) throw std::runtime_error(last.error().text());
    return 0;
  }
  auto sender = Sender<Word>::open(name("idle")).value();
  const auto follower = static_cast<pid_t>(control.receive());
  std::this_thread::sleep_for(std::chrono::milliseconds(100));  // until it has connected and gone to sleep
  const std::uint64_t start = now();
  const ProcessUsage before = usage_of(follower);
  std::this_thread::sleep_for(std::chrono::milliseconds(cell.milliseconds));
  const ProcessUsage after = usage_of(follower);
  const double seconds = 1e-9 * static_cast<double>(now() - start);
  require(sender.send(Word{}));
  require(sender.close());
  if (cell.work == Work::idle_cpu) return 100 * (after.cpu_seconds - before.cpu_seconds) / seconds;
  return static_cast<double>(after.sleeps - before.sleeps) / seconds;
}

/// KiB of both processes for one more lane, less its ring: the mean of 32 lanes whose rings were written and read
/// whole.
double measure_memory(const Cell&, Side side, Control& control) {
  constexpr std::size_t lanes = 32;
  constexpr std::size_t capacity = 64 * KiB;
  const Names name(side, control);
  std::vector<Sender<Word>> senders;
  std::vector<Receiver<Word>> receivers;
  const auto use_one_more = [&] {
    const std::string uri = name("lane-" + std::to_string(senders.size() + receivers.size()));
    if (side == Side::leader) {
      senders.push_back(Sender<Word>::open(uri, {.capacity_bytes = capacity}).value());
    } else {
      receivers.push_back(Receiver<Word>::open(uri).value());
    }
    for (std::size_t i = 0; i < 2 * capacity / sizeof(Word); ++i) {
      if (side == Side::leader) {
        require(senders.back().send(Word{{i}}));
      } else if (auto message = receivers.back().receive(); !message) {
        throw std::runtime_error(message.error().text());
      }
    }
  };
  const auto together = [&](std::uint64_t word) {
    control.send(word);
    return control.receive();
  };
  use_one_more();  // what the process pays once
  together(0);
  const std::uint64_t before = proportional_memory();
  together(0);
  for (std::size_t lane = 0; lane < lanes; ++lane) use_one_more();
  together(0);
  const std::uint64_t grown = proportional_memory() - before;
  const std::uint64_t both = grown + together(grown);
  return static_cast<double>(both) / static_cast<double>(lanes * KiB) - static_cast<double>(capacity / KiB);
}

double measure(const Cell& cell, Side side, Control& control) {
  switch (cell.work) {
    case Work::idle_cpu:
    case Work::idle_wakes: return measure_idle(cell, side, control);
    case Work::memory: return measure_memory(cell, side, control);
    case Work::messages: return measure_small_stream(cell, side, control);
    default: return measure_messages(cell, side, control);
  }
}

}  // namespace
}  // namespace psyne::bench

int main(int argc, char** argv) {
  using namespace psyne::bench;
  return run_pair(argc, argv, [](Side, Control&) -> Measure { return measure; });
}
