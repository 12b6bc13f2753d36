#include <psyne/core/channel/copy_out.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include <explorer/expectations.hpp>
#include <explorer/explored_lane.hpp>
#include <explorer/mutants.hpp>

namespace {

using psyne::CopyOut;
using psyne::Look;
using psyne::no_patience;
using psyne::Patience;
using psyne::Record;
using psyne::VariableRecords;
using namespace psyne::explorer;

constexpr std::size_t portion = 4096;
constexpr std::size_t length = 2 * portion + 800;  // told twice while it is copied in
constexpr Patience little{.spins = 1, .pauses = 1, .yields = 0};

/// Three records of `length` in a lap, at the same places in each.
template <class Atomics>
using Long = ExploredLane<VariableRecords, Atomics, 32768>;
/// One record of `length` at a time.
template <class Atomics>
using Tight = ExploredLane<VariableRecords, Atomics, 16384>;

Search deep() {
  Search search;
  search.systematic = 15'000;
  search.random = 10'000;
  return search;
}

/// The payload of a record, its number and one in every byte.
std::span<const std::byte> payload(int number, std::size_t bytes = length) {
  static const auto payloads = [] {
    std::array<std::vector<std::byte>, 8> all;
    for (std::size_t i = 0; i < all.size(); ++i) all[i].assign(length, static_cast<std::byte>(i + 1));
    return all;
  }();
  return std::span(payloads[static_cast<std::size_t>(number)]).first(bytes);
}

/// The bytes are written from here on; one address stands for each portion.
void write_begins(const std::byte* place) {
  for (std::size_t at = 0; at < length; at += portion) Execution::current().plain_write(place + at);
}
/// What the reader was told is there is read: whole, and nothing else than this record's.
void read(std::span<const std::byte> bytes, int number) {
  for (std::size_t at = 0; at < bytes.size(); at += portion) Execution::current().plain_read(bytes.data() + at);
  require(std::ranges::equal(bytes, payload(number, bytes.size())), "only bytes of this record");
}

struct Fill {
  template <class Lane>
  static void fill(Lane& lane, std::byte* place, int number) {
    write_begins(place);
    lane.writer.fill(payload(number));
  }
};

/// LaneWriter::fill with one thing wrong: how much is told, `ahead` of what is there.
template <std::size_t ahead>
struct FillTellingTooMuch {
  template <class Lane>
  static void fill(Lane& lane, std::byte* place, int number) {
    write_begins(place);
    const std::uint64_t position = lane.writer.position();
    lane.told().under_way.store(Record::word(position, length), std::memory_order_relaxed);
    for (std::size_t done = 0; done < length; done += portion) {
      const auto bytes = payload(number).subspan(done).first(std::min(portion, length - done));
      const std::size_t there = std::min(done + ahead, length);
      lane.told().filled.store(position + there, std::memory_order_release);
      lane.told().filled.load(std::memory_order_relaxed);  // a step: here the reader may come
      std::ranges::copy(bytes, place + done);
    }
  }
};

/// A reader that looks at what is there while the writer still copies.
template <class Atomics, class How = Fill, int records = 2>
void follow() {
  const auto lane = std::make_unique<Long<Atomics>>();
  ExplorerAtomics::Thread producer([&] {
    for (int number = 0; number < records; ++number) {
      How::fill(*lane, lane->wait_for_room(length), number);
      lane->writer.commit(length);
    }
    lane->writer.close();
  });
  for (int number = 0;;) {
    const Look look = lane->reader.look();
    if (look == Look::ended) {
      require(number == records, "all records before the end");
      break;
    }
    require(look != Look::corrupted, "nothing corrupted");
    if (look == Look::record) {
      require(lane->reader.front().size() == length, "its length");
      read(lane->reader.front(), number++);
      lane->reader.pop();
      continue;
    }
    const auto under_way = lane->reader.under_way();
    require(under_way.bytes == 0 || under_way.bytes == length, "its length");
    require(under_way.filled.size() <= under_way.bytes, "no more than it will have");
    read(under_way.filled, number);
    ExplorerAtomics::pause();
  }
  producer.join();
}

TEST(LaneFillExplored, WhatIsToldToBeThereIsThere) {
  expect_sound("long record, followed", follow<ExplorerAtomics>, deep());
  expect_sound("long record, followed around the end", follow<ExplorerAtomics, Fill, 5>, deep());
}

/// The reader copies out while the writer copies in, and sleeps when its patience is used up.
template <class Atomics, class How = Fill, int records = 3>
void copy_out_meanwhile() {
  const auto lane = std::make_unique<Tight<Atomics>>();
  ExplorerAtomics::Thread producer([&] {
    for (int number = 0; number < records; ++number) {
      How::fill(*lane, lane->wait_for_room(length), number);
      lane->writer.commit(length);
    }
    lane->writer.close();
  });
  std::vector<std::byte> buffer(length);
  for (int number = 0; number < records; ++number) {
    CopyOut copy(buffer);
    while (!copy.follow(lane->reader, little)) {
      if (lane->wait_for_record() == Look::record) continue;
      require(false, "all records before the end");
    }
    copy.finish(lane->reader.front());
    require(std::ranges::equal(buffer, payload(number)), "whole, and its own bytes");
    lane->reader.pop();
    std::ranges::fill(buffer, std::byte{0});
  }
  require(lane->wait_for_record() == Look::ended, "the end");
  producer.join();
}

TEST(LaneFillExplored, CopyingOutMeanwhileGivesWholeRecords) {
  expect_sound("long record, copied out meanwhile", copy_out_meanwhile<ExplorerAtomics>, deep());
}

/// The producer dies between two portions or before its commit: what it copied never was a record.
template <class Atomics>
void die_before_the_commit() {
  const auto lane = std::make_unique<Long<Atomics>>();
  typename Atomics::template Atomic<bool> dead{false};
  ExplorerAtomics::Thread producer([&] {
    Fill::fill(*lane, lane->wait_for_room(length), 0);
    lane->writer.commit(length);
    Fill::fill(*lane, lane->wait_for_room(length), 1);
    dead.store(true, std::memory_order_release);
  });
  std::vector<std::byte> buffer(length);
  int records = 0;
  for (bool was_dead = false;;) {
    CopyOut copy(buffer);
    if (copy.follow(lane->reader, no_patience)) {
      copy.finish(lane->reader.front());
      require(std::ranges::equal(buffer, payload(0)), "the one that was committed");
      lane->reader.pop();
      ++records;
    } else if (was_dead) {
      break;
    } else {
      was_dead = dead.load(std::memory_order_acquire);
      ExplorerAtomics::pause();
    }
  }
  require(records == 1 && lane->reader.look() == Look::empty, "no other");
  require(lane->reader.under_way().filled.size() == 2 * portion, "which was as far as it says");
  producer.join();
}

TEST(LaneFillExplored, WhatWasNotCommittedNeverWasARecord) {
  expect_sound("long record, its producer dies", die_before_the_commit<ExplorerAtomics>, deep());
}

/// A copy takes the lines of the next record's place back: never those of a record that is still read.
template <class Atomics, std::uint64_t credit = 0>
void take_back_what_is_free() {
  constexpr std::uint64_t bytes = 184;  // two in a lap, and the next word's place
  ExploredLane<VariableRecords, Atomics, 512> lane(false, credit);
  constexpr int records = 4;
  ExplorerAtomics::Thread producer([&] {
    for (int number = 0; number < records; ++number) {
      std::byte* place = lane.wait_for_room(bytes);
      Execution::current().plain_write(place);
      lane.writer.fill(payload(number, bytes));
      lane.writer.commit(bytes);
    }
    lane.writer.close();
  });
  int number = 0;
  for (; lane.wait_for_record() == Look::record; ++number) {
    const auto front = lane.reader.front();
    for (int look = 0; look < 2; ++look) {
      Execution::current().plain_read(front.data());
      require(std::ranges::equal(front, payload(number, bytes)), "as long as it is read");
      static_cast<void>(lane.reader.look());
    }
    lane.reader.pop();
  }
  require(number == records, "all records before the end");
  producer.join();
}

TEST(LaneFillExplored, WhatIsReadIsNotTakenBack) {
  expect_sound("lane, taking lines back", take_back_what_is_free<ExplorerAtomics>, deep());
  expect_found(
      "lane, taking back lines that are read", [] { take_back_what_is_free<ExplorerAtomics, 256>(); }, "");
}

TEST(LaneFillExplored, SeededBugsAreFound) {
  expect_found("long record, told without release", follow<ReleaseMissing>, "race");
  expect_found("long record, followed without acquire", follow<AcquireMissing>, "race");
  expect_found("long record, told before it is copied", follow<ExplorerAtomics, FillTellingTooMuch<portion>>,
               "only bytes of this record", by_chance());
  expect_found("long record, a byte too much told", follow<ExplorerAtomics, FillTellingTooMuch<1>>,
               "only bytes of this record", by_chance());
  expect_found("long record, copied out before it is copied in",
               copy_out_meanwhile<ExplorerAtomics, FillTellingTooMuch<portion>>, "whole", by_chance());
  expect_found("long record, its sleeping reader is not woken", copy_out_meanwhile<LightBarrierMissing>, "sleeps");
}

}  // namespace
