#include <gtest/gtest.h>

#include <array>
#include <vector>

#include <explorer/expectations.hpp>
#include <explorer/explored_lane.hpp>
#include <explorer/mutants.hpp>

namespace {

using psyne::FixedRecords;
using psyne::Look;
using psyne::Record;
using psyne::VariableRecords;
using namespace psyne::explorer;

using Fixed = FixedRecords<8, 8>;
/// Three records of 16 bytes at a time: the place after them is kept free.
template <class Atomics>
using Small = ExploredLane<Fixed, Atomics, 64>;
/// One record at a time.
template <class Atomics>
using Smallest = ExploredLane<Fixed, Atomics, 32>;

Search deep() {
  Search search;
  search.systematic = 150'000;
  search.random = 50'000;
  return search;
}

/// Reads until the end; the records must be 0, 1, 2...
template <class Lane>
int drain(Lane& lane) {
  for (int number = 0;; ++number) {
    const Look look = lane.wait_for_record();
    if (look == Look::ended) return number;
    require(look == Look::record, "nothing corrupted");
    require(lane.number_in(lane.reader.front()) == number, "the next record");
    lane.reader.pop();
  }
}

/// Records through a lane that holds fewer, both ends asleep whenever they have to wait, then the end.
template <class Lane, int records = 3>
void stream() {
  Lane lane;
  ExplorerAtomics::Thread producer([&] {
    for (int number = 0; number < records; ++number) lane.send(8, number);
    lane.writer.close();
  });
  require(drain(lane) == records, "all records before the end");
  producer.join();
}

TEST(LaneExplored, CarriesRecordsAroundItsEndAndCloses) {
  expect_sound("lane, one record at a time", stream<Smallest<ExplorerAtomics>>, deep());
  expect_sound("lane, three records at a time", stream<Small<ExplorerAtomics>, 5>, deep());
}

TEST(LaneExplored, EachBarrierIsNeeded) {
  expect_found("lane without its light barriers", stream<Smallest<LightBarrierMissing>>, "sleeps");
  expect_found("lane without its heavy barriers", stream<Smallest<HeavyBarrierMissing>>, "sleeps");
}

TEST(LaneExplored, WrongOrdersAreFound) {
  expect_found("lane without release", stream<Smallest<ReleaseMissing>>, "race");
  expect_found("lane without acquire", stream<Smallest<AcquireMissing>>, "race");
}

// The lane keeps the place of one record free, so it takes the credit of two to overwrite one.
TEST(LaneExplored, ACreditTooManyIsFound) {
  expect_found("a lane's credit of one record too many", [] {
    Smallest<ExplorerAtomics> lane(false, 2 * Fixed::stride);
    ExplorerAtomics::Thread producer([&] {
      for (int number = 0; number < 3; ++number) lane.send(8, number);
      lane.writer.close();
    });
    require(drain(lane) == 3, "all records before the end");
    producer.join();
  });
}

TEST(LaneExplored, WrongUsesAreFound) {
  expect_found(
      "a record given back before it is read",
      [] {
        Smallest<ExplorerAtomics> lane;
        ExplorerAtomics::Thread producer([&] {
          for (int number = 0; number < 3; ++number) lane.send(8, number);
        });
        lane.wait_for_record();
        const auto front = lane.reader.front();
        lane.reader.pop();
        lane.wait_for_record();
        lane.reader.pop();
        require(lane.number_in(front) == 0, "the first record");
        lane.wait_for_record();
        producer.join();
      },
      "race");
  expect_found(
      "a record committed before it is written",
      [] {
        Smallest<ExplorerAtomics> lane;
        ExplorerAtomics::Thread producer([&] {
          std::byte* place = lane.wait_for_room(8);
          lane.writer.commit(8);
          lane.fill(place, 8, 0);
          lane.writer.close();
        });
        drain(lane);
        producer.join();
      },
      "race");
}

TEST(LaneExplored, BatchesAppearTogether) {
  expect_sound(
      "lane, batches",
      [] {
        Small<ExplorerAtomics> lane;
        ExplorerAtomics::Thread producer([&] {
          for (int number = 0; number < 4;) {
            lane.wait_for_room(8);
            const std::size_t many = lane.writer.try_reserve_many(static_cast<std::size_t>(4 - number), 8);
            require(many >= 1, "room for one at least");
            for (std::size_t i = 0; i < many; ++i) lane.fill(lane.writer.reserved(i), 8, number++);
            lane.writer.commit_many(many, 8);
          }
          lane.writer.close();
        });
        require(drain(lane) == 4, "all records before the end");
        producer.join();
      },
      deep());
}

// The first record's payload says, where a word of the second lap will lie, that a record is committed there.
TEST(LaneExplored, OldPayloadIsNeverTakenForARecord) {
  constexpr std::array<std::uint64_t, 4> lengths{100, 8, 8, 8};
  constexpr std::uint64_t last = 376;  // position of the last word: 56, 184, (padding), 312, 376
  expect_sound(
      "lane, old payload",
      [&] {
        ExploredLane<VariableRecords, ExplorerAtomics, 256> lane;
        ExplorerAtomics::Thread producer([&] {
          for (std::size_t number = 0; number < lengths.size(); ++number) {
            std::byte* place = lane.wait_for_room(lengths[number]);
            lane.fill(place, lengths[number], static_cast<int>(number));
            const std::uint64_t lie = Record::word(last, 8);
            if (number == 0) std::memcpy(place + (last % 256 - 64), &lie, sizeof lie);
            lane.writer.commit(lengths[number]);
          }
          require(lane.writer.position() == last + 64, "the lie lay in the right place");
          lane.writer.close();
        });
        require(drain(lane) == 4, "all records before the end");
        producer.join();
      },
      deep());
}

/// Two views released by two threads, in any order; the producer gets their room, one of the two learns that it was the
/// last one of all.
template <class Atomics>
void release_elsewhere() {
  Small<Atomics> lane;
  ExplorerAtomics::Thread producer([&] {
    for (int number = 0; number < 4; ++number) lane.send(8, number);
  });
  std::array<std::uint32_t, 2> held{};
  std::array<bool, 2> last{};
  for (std::size_t view = 0; view < 2; ++view) {
    lane.wait_for_record();
    require(lane.number_in(lane.reader.front()) == static_cast<int>(view), "the next record");
    lane.reader.step();
    held[view] = lane.reader.hold();
  }
  ExplorerAtomics::Thread elsewhere([&] { last[1] = lane.reader.release(held[1]); });
  last[0] = lane.reader.release(held[0]);
  for (int number = 2; number < 4; ++number) {
    lane.wait_for_record();
    require(lane.number_in(lane.reader.front()) == number, "the next record");
    lane.reader.pop();
  }
  const bool retired = lane.reader.retire();
  elsewhere.join(), producer.join();
  require(last[0] + last[1] + retired == 1, "one of them was the last");
}

TEST(LaneExplored, ViewsAreReleasedAnywhereInAnyOrder) {
  Search search = deep();
  search.bounds.preemptions = 2;
  expect_sound("lane, views", release_elsewhere<ExplorerAtomics>, search);
}

struct FullBarrierMissing : ExplorerAtomics {
  static void full_barrier() noexcept {}
};

/// A producer that never waits drops the oldest records, but none that is being read.
template <class Atomics>
void drop_oldest() {
  constexpr int records = 4;
  Smallest<Atomics> lane(true);
  std::uint64_t dropped = 0;
  ExplorerAtomics::Thread producer([&] { dropped = lane.write_dropping(records); });
  std::uint64_t seen = 0;
  for (int next = 0;;) {
    const Look look = lane.wait_for_record();
    if (look == Look::ended) break;
    require(look == Look::record, "nothing corrupted");
    const int number = lane.number_in(lane.reader.front());
    require(number >= next, "forward only");
    next = number + 1;
    ++seen;
    lane.reader.pop();
  }
  producer.join();
  require(seen <= records && seen + dropped >= records, "seen or counted");
}

TEST(LaneExplored, ARecordThatIsReadIsNotOverwritten) {
  expect_sound("lane, dropping the oldest", drop_oldest<ExplorerAtomics>, deep());
  expect_found("lane, dropping without full barriers", drop_oldest<FullBarrierMissing>, "", deep());
}

}  // namespace
