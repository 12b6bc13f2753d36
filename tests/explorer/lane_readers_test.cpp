#include <gtest/gtest.h>

#include <explorer/expectations.hpp>
#include <explorer/explored_readers.hpp>
#include <explorer/mutants.hpp>

namespace {

using psyne::FixedRecords;
using psyne::Look;
using namespace psyne::explorer;

using Fixed = FixedRecords<8, 8>;
/// One record at a time, for two readers.
template <class Atomics>
using Two = ExploredReaders<Fixed, Atomics, 32, 2>;

Search deep(std::uint32_t preemptions = 3) {
  Search search;
  search.bounds.preemptions = preemptions;
  search.systematic = 40'000;
  search.random = 20'000;
  return search;
}

/// Reads until the end; the records must follow one another from `next` on. Returns the number after the last.
template <class Lanes>
int drain(Lanes& lanes, std::size_t reader, int next = 0) {
  for (;; ++next) {
    const Look look = lanes.wait_for_record(reader);
    if (look == Look::ended) return next;
    require(look == Look::record, "nothing corrupted");
    require(lanes.number_in(lanes.reader(reader).front()) == next, "the next record");
    lanes.reader(reader).pop();
  }
}

constexpr int records = 3;

/// The slowest reader holds the ring; each gets every record.
template <class Atomics>
void show_to_all() {
  Two<Atomics> lanes;
  lanes.join(0), lanes.join(1);
  ExplorerAtomics::Thread producer([&] {
    for (int number = 0; number < records; ++number) lanes.send(8, number);
    lanes.writer.close();
  });
  ExplorerAtomics::Thread other([&] { require(drain(lanes, 1) == records, "all for the other"); });
  require(drain(lanes, 0) == records, "all for the one");
  producer.join(), other.join();
}

TEST(LaneReadersExplored, EachReaderGetsEveryRecord) {
  expect_sound("lane, two readers", show_to_all<ExplorerAtomics>, deep(2));
  expect_found("lane, two readers, without light barriers", show_to_all<LightBarrierMissing>, "sleeps", by_chance());
  expect_found("lane, two readers, without heavy barriers", show_to_all<HeavyBarrierMissing>, "sleeps", by_chance());
  expect_found("lane, two readers, without release", show_to_all<ReleaseMissing>, "race");
  expect_found("lane, two readers, without acquire", show_to_all<AcquireMissing>, "race");
}

enum class Bug : std::uint8_t { none, not_rung_for, not_taken_out, taken_for_dead_too_early };

/// One of two readers dies in the middle of a record while the writer waits for its credit; the other goes on.
template <class Atomics, Bug bug = Bug::none>
void leave_while_the_writer_waits() {
  Two<Atomics> lanes;
  lanes.join(0), lanes.join(1);
  ExplorerAtomics::Thread producer([&] {
    bool removed = false;
    for (int number = 0; number < records; ++number) {
      lanes.send(8, number, [&] {
        if (removed || bug == Bug::not_taken_out) return;
        if (!lanes.dead(1) && (bug != Bug::taken_for_dead_too_early || number == 0)) return;
        lanes.remove(1);
        removed = true;
      });
    }
    lanes.writer.close();
  });
  ExplorerAtomics::Thread dying([&] {
    require(lanes.wait_for_record(1) == Look::record, "the first");
    require(lanes.number_in(lanes.reader(1).front()) == 0, "the first");
    lanes.die(1, std::memory_order_release, bug != Bug::not_rung_for);
  });
  require(drain(lanes, 0) == records, "all for who stays");
  producer.join(), dying.join();
}

TEST(LaneReadersExplored, AReaderThatDiesHoldsNobodyUp) {
  expect_sound("lane, one of two readers dies", leave_while_the_writer_waits<ExplorerAtomics>, deep());
  expect_found("lane, a reader's death is not rung for",
               leave_while_the_writer_waits<ExplorerAtomics, Bug::not_rung_for>, "sleeps");
  expect_found("lane, a dead reader is not taken out",
               leave_while_the_writer_waits<ExplorerAtomics, Bug::not_taken_out>, "sleeps");
  expect_found("lane, a reader is taken out that still reads",
               leave_while_the_writer_waits<ExplorerAtomics, Bug::taken_for_dead_too_early>, "race", by_chance());
}

/// The only reader dies, having been given some; its successor begins behind these, whatever the dead one held, and
/// every record is given once.
template <std::memory_order death>
void succeed() {
  ExploredReaders<Fixed, ExplorerAtomics, 64, 2> lanes;
  lanes.join(0);
  int given = 0;
  ExplorerAtomics::Thread dying([&] {
    for (; given < 2; ++given) {
      require(lanes.wait_for_record(0) == Look::record, "a record");
      require(lanes.number_in(lanes.reader(0).front()) == given, "the next");
      lanes.reader(0).step();
      static_cast<void>(lanes.reader(0).hold());
    }
    lanes.die(0, death);
  });
  bool succeeded = false;
  std::uint64_t given_up = 0;
  for (int number = 0; number < 4; ++number) {
    lanes.send(8, number, [&] {
      if (succeeded || !lanes.dead(0)) return;
      given_up = lanes.remove(0);
      lanes.join(1);
      succeeded = true;
    });
  }
  lanes.writer.close();
  while (!succeeded) {
    if (lanes.dead(0)) {
      given_up = lanes.remove(0);
      lanes.join(1);
      succeeded = true;
    } else {
      ExplorerAtomics::pause();
    }
  }
  require(drain(lanes, 1, 2) == 4, "what the dead one was not given");
  require(given_up == 2, "and what it was given is counted");
  dying.join();
}

TEST(LaneReadersExplored, ASuccessorGetsWhatTheDeadOneWasNotGiven) {
  expect_sound("lane, a successor", succeed<std::memory_order_release>, deep());
  expect_found("lane, a death known before what it was given", succeed<std::memory_order_relaxed>, "required");
}

/// What was given to the dead one and not released is given again, where that is asked for.
TEST(LaneReadersExplored, ASuccessorGetsAgainWhatWasHeld) {
  expect_sound(
      "lane, a successor gets again what was held",
      [] {
        ExploredReaders<Fixed, ExplorerAtomics, 64, 2> lanes;
        lanes.join(0);
        ExplorerAtomics::Thread dying([&] {
          require(lanes.wait_for_record(0) == Look::record, "a record");
          lanes.reader(0).pop();
          require(lanes.wait_for_record(0) == Look::record, "another");
          lanes.reader(0).step();
          lanes.die(0);
        });
        for (int number = 0; number < 3; ++number) lanes.send(8, number);
        lanes.writer.close();
        while (!lanes.dead(0)) ExplorerAtomics::pause();
        require(lanes.remove(0, true) == 0, "nothing is given up");
        lanes.join(1);
        require(drain(lanes, 1, 1) == 3, "all that was not released");
        dying.join();
      },
      deep());
}

enum class View : std::uint8_t { held, released_too_early };

/// The writer drops the oldest while the reader holds a view, which another thread releases: it is whole until then.
template <class Atomics, View view = View::held>
void drop_beside_a_view() {
  constexpr int sent = 4;
  ExploredLane<Fixed, Atomics, 32> lane(true);
  std::uint64_t dropped = 0;
  ExplorerAtomics::Thread producer([&] { dropped = lane.write_dropping(sent); });
  if (lane.wait_for_record() == Look::ended) {  // the writer found it looking each time
    producer.join();
    return require(dropped >= sent, "counted");
  }
  const auto held = lane.reader.front();
  const int first = lane.number_in(held);
  lane.reader.step();
  const std::uint32_t number = lane.reader.hold();
  ExplorerAtomics::Thread elsewhere([&] {
    if (view == View::released_too_early) static_cast<void>(lane.reader.release(number));
    require(lane.number_in(held) == first, "as long as it is held");
    if (view == View::held) static_cast<void>(lane.reader.release(number));
  });
  std::uint64_t seen = 1;
  for (int next = first + 1;; ++seen) {
    const Look look = lane.wait_for_record();
    if (look == Look::ended) break;
    require(look == Look::record, "nothing corrupted");
    const int got = lane.number_in(lane.reader.front());
    require(got >= next, "forward only");
    next = got + 1;
    lane.reader.pop();
  }
  producer.join(), elsewhere.join();
  require(seen <= sent && seen + dropped >= sent, "seen or counted");
}

TEST(LaneReadersExplored, AHeldViewIsNotDropped) {
  expect_sound("lane, dropping beside a view", drop_beside_a_view<ExplorerAtomics>, deep(2));
  expect_found("lane, a view released before it was read",
               drop_beside_a_view<ExplorerAtomics, View::released_too_early>, "race", by_chance());
}

}  // namespace
