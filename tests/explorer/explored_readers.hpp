#pragma once

#include <psyne/core/lane/lane_reader.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <explorer/explored_lane.hpp>

namespace psyne::explorer {

/// A mapped lane of `capacity` bytes with several readers, each of which gets every record (delivery all).
template <class Records, class Atomics, std::uint64_t capacity, std::size_t count>
class ExploredReaders {
 public:
  using Reader = LaneReader<Records, Atomics>;

  explicit ExploredReaders(bool lossy = false) : writer(block_, ring_.data(), capacity), lossy_(lossy) {}

  /// Lets one in, where the writer says that it begins. The writer's thread.
  void join(std::size_t number) {
    const std::uint64_t from = writer.oldest();
    Seat& seat = seats_[number];
    seat.reader.emplace(&block_, ring_.data(), capacity, seat.block, for_room_,
                        typename Reader::Options{.from = from, .most_held = 4, .lossy = lossy_});
    writer.add_reader(&seat.block, seat.for_records, from);
  }
  Reader& reader(std::size_t number) noexcept { return *seats_[number].reader; }

  /// The reader's process dies: the link says so, and rings. Its thread does nothing after.
  void die(std::size_t number, std::memory_order order = std::memory_order_release, bool ring = true) {
    seats_[number].dead.store(true, order);
    if (ring) for_room_.ring();
  }
  bool dead(std::size_t number) const { return seats_[number].dead.load(std::memory_order_acquire); }
  std::uint64_t remove(std::size_t number, bool again = false) {
    return writer.remove_reader(seats_[number].for_records, again);
  }

  static void fill(std::byte* place, std::uint64_t bytes, int number) {
    ExploredLane<Records, Atomics, capacity>::fill(place, bytes, number);
  }
  static int number_in(std::span<const std::byte> record) {
    return ExploredLane<Records, Atomics, capacity>::number_in(record);
  }

  /// Sleeps until there is room, then sends; looks at `each_time` whenever it was rung for.
  template <class Care>
  void send(std::uint64_t bytes, int number, Care&& each_time) {
    for (;;) {
      each_time();
      std::byte* place = writer.try_reserve(bytes);
      if (place == nullptr) {
        writer.announce_sleep();
        place = writer.try_reserve(bytes);
        if (place == nullptr) for_room_.sleep();
        writer.end_sleep();
      }
      if (place == nullptr) continue;
      fill(place, bytes, number);
      return writer.commit(bytes);
    }
  }
  void send(std::uint64_t bytes, int number) {
    send(bytes, number, [] {});
  }

  /// Sleeps until there is a record or the end.
  Look wait_for_record(std::size_t number) {
    Seat& seat = seats_[number];
    for (;;) {
      if (const Look look = seat.reader->look(); look != Look::empty) return look;
      seat.reader->announce_sleep();
      Atomics::heavy_barrier();
      const Look look = seat.reader->look();
      if (look == Look::empty) seat.for_records.sleep();
      seat.reader->end_sleep();
      if (look != Look::empty) return look;
    }
  }

 private:
  struct Seat {
    ConsumerBlock<Atomics> block;
    RecordBell for_records;
    ExplorerAtomics::Atomic<bool> dead{false};
    std::optional<Reader> reader;
  };

  ProducerBlock<Atomics> block_;
  alignas(64) std::array<std::byte, capacity> ring_{};
  std::array<Seat, count> seats_;
  RoomBell for_room_;

 public:
  LaneWriter<Records, Atomics> writer;

 private:
  bool lossy_;
};

}  // namespace psyne::explorer
