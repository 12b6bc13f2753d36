#pragma once

#include <psyne/core/lane/lane_reader.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

namespace psyne_test {

struct CountingWire final : psyne::LaneWire {
  int wakes = 0;
  void wake() noexcept override { ++wakes; }
};

struct CountingSource final : psyne::LaneSource {
  int wakes = 0;
  std::uint64_t arrived() noexcept override { return 0; }
  std::uint64_t closed_at() noexcept override { return psyne::ProducerBlock<>::open; }
  void credit(std::uint64_t) noexcept override {}
  void wake() noexcept override { ++wakes; }
};

struct Free {
  void operator()(std::byte* memory) const { ::operator delete[](memory, std::align_val_t(64)); }
};

/// Both ends of one lane in one thread: the memory that two processes would share, zeroed.
template <class Records>
struct LanePair {
  explicit LanePair(std::uint64_t ring_bytes, bool lossy = false)
      : capacity(ring_bytes),
        memory(new(std::align_val_t(64)) std::byte[psyne::ProducerBlock<>::ring_offset + ring_bytes + 64]()),
        block(*new(memory.get()) psyne::ProducerBlock<>),
        ring(memory.get() + psyne::ProducerBlock<>::ring_offset),
        writer(block, ring, capacity),
        reader(&block, ring, capacity, consumer, source,
               {.from = psyne::first_word<Records>, .most_held = 64, .lossy = lossy}) {
    std::memset(ring + capacity, 0x5a, 64);
    writer.add_reader(&consumer, wire, psyne::first_word<Records>);
  }

  bool send(std::uint64_t bytes, std::uint8_t seed) {
    std::byte* place = writer.try_reserve(bytes);
    if (place == nullptr) return false;
    for (std::uint64_t i = 0; i < bytes; ++i) place[i] = static_cast<std::byte>(seed + i);
    writer.commit(bytes);
    return true;
  }
  /// Whether nobody wrote behind the ring's end.
  bool behind_is_untouched() const {
    const std::byte* end = ring + capacity;
    return std::all_of(end, end + 64, [](std::byte byte) { return byte == std::byte{0x5a}; });
  }
  /// Whether the front is what send() of the same arguments wrote.
  bool front_is(std::uint64_t bytes, std::uint8_t seed) {
    const auto front = reader.front();
    if (front.size() != bytes) return false;
    for (std::uint64_t i = 0; i < bytes; ++i) {
      if (front[i] != static_cast<std::byte>(seed + i)) return false;
    }
    return true;
  }

  const std::uint64_t capacity;
  std::unique_ptr<std::byte[], Free> memory;
  psyne::ProducerBlock<>& block;
  std::byte* ring;
  psyne::ConsumerBlock<> consumer;
  CountingWire wire;
  CountingSource source;
  psyne::LaneWriter<Records> writer;
  psyne::LaneReader<Records> reader;
};

}  // namespace psyne_test
