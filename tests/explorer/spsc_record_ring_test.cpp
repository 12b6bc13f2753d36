#include <psyne/core/park/parker.hpp>
#include <psyne/core/ring/spsc_record_ring.hpp>

#include <gtest/gtest.h>

#include <cstring>
#include <span>

#include <explorer/atomics.hpp>
#include <explorer/expectations.hpp>
#include <explorer/mutants.hpp>

namespace {

using psyne::Code;
using psyne::no_deadline;
using psyne::no_patience;
using psyne::Parker;
using psyne::SpscRecordRing;
using namespace psyne::explorer;

Search deep() {
  Search search;
  search.systematic = 150'000;
  search.random = 50'000;
  return search;
}

// A record's bytes, told word by word to the race check; the length word in front of it as well.
void fill(std::span<std::byte> record, int number) {
  Execution::current().plain_write(record.data() - 8);
  for (std::size_t at = 0; at < record.size(); at += 8) {
    Execution::current().plain_write(record.data() + at);
    std::memset(record.data() + at, number, std::min<std::size_t>(8, record.size() - at));
  }
}

void check(std::span<const std::byte> record, int number, std::size_t bytes) {
  Execution::current().plain_read(record.data() - 8);
  require(record.size() == bytes, "its length");
  for (std::size_t at = 0; at < record.size(); at += 8) {
    Execution::current().plain_read(record.data() + at);
    require(record[at] == static_cast<std::byte>(number), "its bytes");
  }
}

/// Lengths with which some of the records do not fit before the end of 32 bytes and two units.
constexpr std::size_t length_of(int number) { return number % 2 == 0 ? 16 : 8; }

/// Records of two lengths, more than the ring holds, some with padding before them; then the end.
template <class Atomics, int records = 4>
void stream() {
  SpscRecordRing<Atomics> ring({.capacity_bytes = 32});
  typename Atomics::Thread producer([&] {
    for (int number = 0; number < records;) {
      auto record = ring.reserve(length_of(number));
      if (!record) {
        ExplorerAtomics::pause();
        continue;
      }
      fill(*record, number++);
      ring.commit();
    }
    ring.close();
  });
  for (int number = 0;;) {
    auto record = ring.next();
    if (record) {
      check(*record, number, length_of(number));
      ++number;
      ring.release();
    } else if (record.error().code() == Code::closed) {
      require(number == records, "all records before the end");
      break;
    } else {
      ExplorerAtomics::pause();
    }
  }
  producer.join();
}

TEST(SpscRecordRingExplored, CarriesRecordsAroundItsEndAndCloses) {
  expect_sound("SpscRecordRing", stream<ExplorerAtomics>, deep());
}

TEST(SpscRecordRingExplored, WrongOrdersAreFound) {
  expect_found("SpscRecordRing without release", stream<ReleaseMissing>, "race", deep());
  expect_found("SpscRecordRing without acquire", stream<AcquireMissing>, "race", deep());
}

TEST(SpscRecordRingExplored, RecordsAreCommittedAndReleasedTogether) {
  expect_sound(
      "SpscRecordRing, batches",
      [] {
        SpscRecordRing<ExplorerAtomics> ring({.capacity_bytes = 32});
        ExplorerAtomics::Thread producer([&] {
          for (int number = 0; number < 4;) {
            int reserved = 0;
            for (; reserved < 2 && number < 4; ++reserved, ++number) {
              auto record = ring.reserve(8);
              if (!record) break;
              fill(*record, number);
            }
            if (reserved == 0) ExplorerAtomics::pause();
            ring.commit();
          }
        });
        for (int number = 0; number < 4;) {
          int seen = 0;
          for (; seen < 2; ++seen) {
            auto record = ring.next();
            if (!record) break;
            check(*record, number++, 8);
          }
          if (seen == 0) ExplorerAtomics::pause();
          ring.release();
        }
        producer.join();
      },
      deep());
}

template <class Atomics>
void sleep_on_both_sides() {
  SpscRecordRing<Atomics> ring({.capacity_bytes = 16});
  Parker<Atomics> records, room;
  typename Atomics::Thread producer([&] {
    for (int number = 0; number < 4; ++number) {
      room.wait([&] { return ring.writable(8); }, no_deadline, no_patience);
      fill(ring.reserve(8).value(), number);
      ring.commit();
      records.wake();
    }
  });
  for (int number = 0; number < 4; ++number) {
    records.wait([&] { return !ring.empty(); }, no_deadline, no_patience);
    check(ring.next().value(), number, 8);
    ring.release();
    room.wake();
  }
  producer.join();
}

TEST(SpscRecordRingExplored, SleepersOnBothSidesAreWoken) {
  expect_sound("SpscRecordRing, sleeping", sleep_on_both_sides<ExplorerAtomics>, deep());
  expect_found("SpscRecordRing, sleeping without a light barrier", sleep_on_both_sides<LightBarrierMissing>, "sleeps",
               deep());
  expect_found("SpscRecordRing, sleeping without a wake", sleep_on_both_sides<WakeMissing>, "sleeps", deep());
}

}  // namespace
