#pragma once

#include <psyne/core/lane/lane_reader.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include <explorer/atomics.hpp>

namespace psyne::explorer {

/// What a link makes of an eventfd: a ring stays until the sleeper takes it.
class Bell {
 public:
  void ring() noexcept {
    rung_.exchange(1, std::memory_order_acq_rel);
    ExplorerAtomics::wake(rung_, 1, Sharing::process);
  }
  void sleep() noexcept {
    while (rung_.exchange(0, std::memory_order_acq_rel) == 0) {
      static_cast<void>(ExplorerAtomics::wait(rung_, 0, Sharing::process, no_deadline));
    }
  }

 private:
  ExplorerAtomics::Atomic<std::uint32_t> rung_{0};
};

struct RecordBell final : Bell, LaneWire {
  void wake() noexcept override { ring(); }
};

struct RoomBell final : Bell, LaneSource {
  std::uint64_t arrived() noexcept override { return 0; }
  std::uint64_t closed_at() noexcept override { return ProducerBlock<ExplorerAtomics>::open; }
  void credit(std::uint64_t) noexcept override {}
  void wake() noexcept override { ring(); }
};

/// Both ends of a mapped lane of `capacity` bytes. A payload is its number in every byte; it is checked for races word
/// by word.
template <class Records, class Atomics, std::uint64_t capacity>
class ExploredLane {
 public:
  /// `credit`: how far into the ring the reader is thought to be, wrongly unless it is 0.
  explicit ExploredLane(bool lossy = false, std::uint64_t credit = 0)
      : writer(block_, ring_.data(), capacity),
        reader(&block_, ring_.data(), capacity, consumer_, for_room_,
               {.from = first_word<Records>, .most_held = 4, .lossy = lossy}) {
    writer.add_reader(&consumer_, for_records_, first_word<Records> + credit);
  }

  static void fill(std::byte* place, std::uint64_t bytes, int number) {
    for (std::uint64_t at = 0; at < bytes; at += 8) Execution::current().plain_write(place + at);
    std::memset(place, number, bytes);
  }
  /// Writes so many records of 8 bytes and closes, dropping the oldest where there is no room; how many were dropped.
  std::uint64_t write_dropping(int records) {
    std::uint64_t dropped = 0;
    for (int number = 0; number < records; ++number) {
      std::byte* place = writer.try_reserve(8);
      if (place == nullptr) {
        dropped += writer.drop_oldest(8);
        dropped += writer.take_undelivered();
        place = writer.try_reserve(8);
      }
      if (place == nullptr) {
        ++dropped;  // the newest, since the oldest is being read
        continue;
      }
      fill(place, 8, number);
      writer.commit(8);
    }
    writer.close();
    return dropped;
  }
  static int number_in(std::span<const std::byte> record) {
    for (std::uint64_t at = 0; at < record.size(); at += 8) Execution::current().plain_read(record.data() + at);
    return std::to_integer<int>(record[0]);
  }

  /// Sleeps until there is room, then sends.
  void send(std::uint64_t bytes, int number) {
    fill(wait_for_room(bytes), bytes, number);
    writer.commit(bytes);
  }

  std::byte* wait_for_room(std::uint64_t bytes) {
    for (;;) {
      if (std::byte* place = writer.try_reserve(bytes)) return place;
      writer.announce_sleep();
      std::byte* place = writer.try_reserve(bytes);
      if (place == nullptr) for_room_.sleep();
      writer.end_sleep();
      if (place != nullptr) return place;
    }
  }

  /// Sleeps until there is a record or the end.
  Look wait_for_record() {
    for (;;) {
      if (const Look look = reader.look(); look != Look::empty) return look;
      reader.announce_sleep();
      Atomics::heavy_barrier();
      const Look look = reader.look();
      if (look == Look::empty) for_records_.sleep();
      reader.end_sleep();
      if (look != Look::empty) return look;
    }
  }

  /// What the producer tells, for mutants that tell it wrongly.
  ProducerBlock<Atomics>& told() noexcept { return block_; }

 private:
  // The blocks hold nothing to be destroyed; they and the ring are what two processes would map.
  ProducerBlock<Atomics> block_;
  alignas(64) std::array<std::byte, capacity> ring_{};
  ConsumerBlock<Atomics> consumer_;
  RoomBell for_room_;
  RecordBell for_records_;

 public:
  LaneWriter<Records, Atomics> writer;
  LaneReader<Records, Atomics> reader;
};

}  // namespace psyne::explorer
