// What the machine itself allows: a flag that two pinned processes hand to each other, and a copy within the cache.
#include "pair/payload.hpp"
#include "pair/samples.hpp"
#include "pair/session.hpp"

#include <sys/mman.h>

#include <atomic>
#include <cstring>
#include <new>
#include <stdexcept>

namespace psyne::bench {
namespace {

/// Two flags, each written by one process, each on a cache line (and its neighbour's prefetch) of its own.
struct Flags {
  alignas(128) std::atomic<std::uint64_t> ping{0};
  alignas(128) std::atomic<std::uint64_t> pong{0};
};

Flags& share_flags() {
  void* memory = ::mmap(nullptr, sizeof(Flags), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::runtime_error("no memory to share");
  return *new (memory) Flags;
}

void wait_for(const std::atomic<std::uint64_t>& flag, std::uint64_t value) noexcept {
  while (flag.load(std::memory_order_acquire) != value) {
  }
}

/// Nanoseconds from one process to the other: half a round trip, the median over batches of 32.
double lead_flag(Flags& flags, std::uint64_t milliseconds, Control& control) {
  constexpr std::uint64_t batch = 32;
  control.send(1);
  std::uint64_t turn = flags.ping.load(std::memory_order_relaxed);
  const auto trips = [&] {
    for (std::uint64_t i = 0; i < batch; ++i) {
      flags.ping.store(++turn, std::memory_order_release);
      wait_for(flags.pong, turn);
    }
  };
  trips();
  std::vector<double> samples;
  for (const std::uint64_t end = now() + milliseconds * 1'000'000; now() < end;) {
    const std::uint64_t start = now();
    trips();
    samples.push_back(static_cast<double>(now() - start) / (2.0 * batch));
  }
  flags.ping.store(~std::uint64_t{0}, std::memory_order_release);
  control.receive();
  return median(samples);
}

void follow_flag(Flags& flags, Control& control) {
  control.receive();
  constexpr std::uint64_t over = ~std::uint64_t{0};
  std::uint64_t seen = flags.pong.load(std::memory_order_relaxed);
  for (std::uint64_t next = seen; next != over;) {
    next = flags.ping.load(std::memory_order_acquire);
    if (next == seen || next == over) continue;
    flags.pong.store(seen = next, std::memory_order_release);
  }
  flags.ping.store(seen, std::memory_order_relaxed);
  control.send(0);
}

/// GB/s of one memcpy of `size` bytes between buffers that stay in the cache.
double copy_rate(std::size_t size, std::uint64_t milliseconds) {
  const Buffers buffers(2, size);
  fill(buffers[0], 1);
  std::vector<double> rates;
  for (const std::uint64_t end = now() + milliseconds * 1'000'000; now() < end || rates.empty();) {
    const std::uint64_t start = now();
    std::memcpy(buffers[1].data(), buffers[0].data(), size);
    rates.push_back(static_cast<double>(size) / static_cast<double>(now() - start));
  }
  check(buffers[1], 1);
  return median(rates);
}

double measure(Flags& flags, const Cell& cell, Side side, Control& control) {
  if (cell.work == Work::stream) return side == Side::leader ? copy_rate(cell.size, cell.milliseconds) : 0;
  if (cell.work != Work::latency) throw std::runtime_error("the limits are latency (the flag) and stream (memcpy)");
  if (side == Side::leader) return lead_flag(flags, cell.milliseconds, control);
  follow_flag(flags, control);
  return 0;
}

}  // namespace
}  // namespace psyne::bench

int main(int argc, char** argv) {
  using namespace psyne::bench;
  Flags& flags = share_flags();
  return run_pair(argc, argv, [&flags](const Options&) -> Measure {
    return [&flags](const Cell& cell, Side side, Control& control) { return measure(flags, cell, side, control); };
  });
}
