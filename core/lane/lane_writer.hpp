#pragma once

#include <psyne/core/atomics/step.hpp>
#include <psyne/core/copy/copy_choice.hpp>
#include <psyne/core/lane/blocks.hpp>
#include <psyne/core/lane/lane_readers.hpp>
#include <psyne/core/lane/lane_wire.hpp>
#include <psyne/core/lane/lent_records.hpp>
#include <psyne/core/lane/record.hpp>
#include <psyne/core/lane/written_records.hpp>
#include <psyne/core/metrics/instruments.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace psyne::inline v0 {

/// The producer's end of a lane: one thread at a time writes records, one or several readers each see all of them.
///
///   try_reserve, fill, commit, their batches             the producer's thread   wait-free
///   add_reader, remove_reader, close, drop_oldest        the producer's thread   wait-free
///
/// A record is either committed or was never there: a producer that dies at any point leaves what it committed
/// readable. Shut-down: close(); readers drain up to the position it names.
template <class Records, class Atomics = StandardAtomics>
class LaneWriter {
 public:
  /// `block` and `ring` are this process's own memory, zeroed, `capacity` a power of two.
  LaneWriter(ProducerBlock<Atomics>& block, std::byte* ring, std::uint64_t capacity) noexcept
      : block_(&block),
        written_(ring, capacity),
        limit_(first_word<Records> + capacity),
        readers_(written_),
        copies_(capacity) {}

  /// From now on `high_water` shows the most bytes in flight that were seen when the producer looked at its readers:
  /// when it needs room, so once a lap at least, and when one came or went.
  void measure(metrics::Gauge high_water) noexcept { high_water_ = high_water; }

  /// Room for a payload of `bytes` (at most longest_payload), or nullptr when there is none now. Reserving again
  /// without a commit gives the same place: a draft that is not committed never was.
  std::byte* try_reserve(std::uint64_t bytes) noexcept {
    const bool pads = written_.pads(bytes);
    if (pads && !pad()) [[unlikely]]
      return nullptr;
    // The word after it must be free as well: committing clears it.
    const std::uint64_t end = Records::next(position(), bytes) + Record::word_bytes;
    if (end > limit_ && !refresh(end)) {
      copies_.held_up();
      if (pads) readers_.tell();  // else along with the record: over a wire it would be a post of its own
      return nullptr;
    }
    return written_.payload(position());
  }

  /// Copies the payload into the reserved record; commit it right after, with just its size. A long one is told in
  /// portions, so that a reader who copies out may follow while this still copies (LaneReader::under_way): 64 KiB came
  /// over in 2.4 us in place of 3.4, 1 MiB in 33 in place of 48.
  void fill(std::span<const std::byte> bytes) noexcept {
    const bool timed = copies_.timed(bytes.size());
    const Clock::time_point begin = timed ? Atomics::now() : Clock::time_point();
    std::byte* to = written_.payload(position());
    const std::size_t portion = std::clamp(bytes.size() / 8, shortest_portion, longest_portion);
    std::size_t done = 0;
    if (bytes.size() > portion) {
      const std::uint64_t word = Record::word(position(), static_cast<std::uint32_t>(bytes.size()));
      block_->under_way.store(word, std::memory_order_relaxed);
    }
    for (; bytes.size() - done > portion; done += portion) {
      step_within(to + done, bytes.data() + done, portion);
      copy_in(to + done, bytes.data() + done, portion, copies_.stores());
      // Pairs with the acquire in LaneReader::under_way: these bytes, and the word, before this.
      block_->filled.store(position() + done + portion, std::memory_order_release);
    }
    step_within(to + done, bytes.data() + done, bytes.size() - done);
    copy_in(to + done, bytes.data() + done, bytes.size() - done, copies_.stores());
    if (!timed) return;
    const Clock::time_point end = Atomics::now();
    copies_.copied(bytes.size(), position(), end - begin, end);
  }

  /// Whether a record of that size is better written beside the ring, and filled in from there: its reader fetches what
  /// was stored past the cache so much faster that the copy pays.
  bool streams(std::uint64_t bytes) const noexcept {
    return bytes >= CopyChoice::long_copy && copies_.stores() == Stores::streamed;
  }
  /// The reserved record was written in its place, since `begin`. Only of records that streams() asks about.
  void wrote(std::uint64_t bytes, Clock::time_point begin) noexcept {
    const Clock::time_point end = Atomics::now();
    copies_.copied(bytes, position(), end - begin, end);
  }

  /// Publishes the reserved record with `bytes` of payload, at most what was reserved.
  void commit(std::uint64_t bytes) noexcept {
    const std::uint64_t next = Records::next(position(), bytes);
    publish(position(), next, static_cast<std::uint32_t>(bytes));
    written_.advance(next);
    readers_.tell();
    if (bytes >= shortest_taken && bytes <= longest_taken) take_back(bytes);
  }

  /// The same where these `bytes` are a PackedRecord, on a lane that says so to its readers.
  void commit_packed(std::uint64_t bytes) noexcept
    requires(!Records::fixed)
  {
    const std::uint64_t next = Records::next(position(), bytes);
    publish(position(), next, static_cast<std::uint32_t>(bytes) | Record::packed);
    written_.advance(next);
    readers_.tell();
  }

  /// Whether a record of that size may be lent: wires carry it from where its payload lies.
  bool lends(std::uint64_t bytes) const noexcept { return bytes >= shortest_lent && readers_.lend(); }
  /// Publishes the reserved record with that payload, which stays as it is until `record`, which stays as well, is told
  /// that it is returned: every reader is done with it, or it was recalled. Where lends() says so.
  void lend(std::span<const std::byte> payload, LentRecord& record) noexcept {
    publish_lent(payload, record);
    readers_.tell();
  }
  /// Copies what is lent into the ring, if it is not there, for whoever reads the record in its reader's place; no
  /// further than until all readers are done with it.
  void recall(LentRecord& record) noexcept {
    const std::span<const std::byte> payload = record.payload();
    std::byte* const place = written_.payload(record.place() - Record::word_bytes);
    for (std::size_t done = payload.data() == place ? payload.size() : 0; done < payload.size();) {
      const std::size_t portion = std::min(payload.size() - done, longest_portion);
      copy_in(place + done, payload.data() + done, portion);
      done += portion;
      if (done < payload.size()) static_cast<void>(released());
      if (!record.lent()) return;
    }
    give_back(record);
  }
  const LentRecords& lent() const noexcept { return lent_; }

  /// Whether a record of that size had better be sent by send().
  bool sends(std::uint64_t bytes) const noexcept { return lends(bytes) && readers_.post(bytes); }
  /// As lend(), and recalls it while it is on its way: the payload's memory is its owner's again when this returns.
  void send(std::span<const std::byte> payload) noexcept {
    struct Here final : LentRecord {
      void returned() noexcept override {}
    } record;
    publish_lent(payload, record);
    readers_.tell_lent();
    if (record.lent()) recall(record);
  }

  /// Fixed sizes: room for up to `count` records at a stride, as many as there are up to the end of the lap.
  std::size_t try_reserve_many(std::size_t count, std::uint64_t bytes) noexcept
    requires(Records::fixed)
  {
    if (try_reserve(bytes) == nullptr) return 0;
    const std::uint64_t left_in_lap = capacity() - written_.in_lap(position()) - Record::word_bytes - bytes;
    const std::uint64_t wanted = std::min<std::uint64_t>(count, left_in_lap / Records::stride + 1);
    const std::uint64_t end = position() + wanted * Records::stride + Record::word_bytes;
    if (end > limit_) static_cast<void>(refresh(end));
    return std::min(wanted, (limit_ - Record::word_bytes - position()) / Records::stride);
  }
  std::byte* reserved(std::size_t index) noexcept
    requires(Records::fixed)
  {
    return written_.payload(position() + index * Records::stride);
  }
  /// Publishes the first `count` of the reserved records, all at once: the first word goes last and carries the release
  /// for all of them, because a reader looks at no later word before it has seen the first.
  void commit_many(std::size_t count, std::uint64_t bytes) noexcept
    requires(Records::fixed)
  {
    if (count == 0) return;
    for (std::size_t i = count - 1; i > 0; --i) {
      const std::uint64_t at = position() + i * Records::stride;
      written_.word(at).store(Record::word(at, static_cast<std::uint32_t>(bytes)), std::memory_order_relaxed);
    }
    publish(position(), position() + Records::stride, static_cast<std::uint32_t>(bytes));
    written_.advance(position() + count * Records::stride);
    readers_.tell();
  }

  /// A reader comes, see LaneReaders::add.
  void add_reader(const ConsumerBlock<Atomics>* consumer, LaneWire& wire, std::uint64_t from) {
    if (consumer != nullptr) recall_all();
    readers_.add(consumer, wire, from);
    set_limit();
    if (consumer == nullptr) wire.flush(position());
  }
  /// It is gone, see LaneReaders::remove; returns how many records were given up.
  std::uint64_t remove_reader(LaneWire& wire, bool again) noexcept {
    static_cast<void>(refresh(limit_ + 1));
    for (const LentRecord* record = lent_.oldest(); record != nullptr; record = record->later()) {
      wire.taken_back(*record, written_.payload(record->place() - Record::word_bytes));
    }
    const std::uint64_t given_up = readers_.remove(wire, again);
    set_limit();
    if (readers_.count() == 0) recall_all();  // nobody can say when the next one comes
    return given_up;
  }
  /// Without readers: the oldest record that is still kept, or nothing.
  std::optional<std::span<const std::byte>> oldest_kept() noexcept { return readers_.oldest_kept(); }
  bool oldest_is_packed() const noexcept { return readers_.oldest_is_packed(); }
  /// It is kept no longer.
  void forget_oldest() noexcept {
    readers_.forget_oldest();
    set_limit();
  }

  /// Where a reader that joins now begins: at the oldest record that is still kept.
  std::uint64_t oldest() const noexcept { return readers_.lowest(); }
  std::size_t readers() const noexcept { return readers_.count(); }

  /// No record follows. Readers drain.
  void close() noexcept {
    block_->closed_at.store(position(), std::memory_order_release);
    readers_.wake();
  }

  /// Announces that the producer is about to sleep for room; look once more with try_reserve after it. Readers that
  /// give back from now on wake it.
  void announce_sleep() noexcept {
    block_->asleep.store(++sleeps_ | 1, std::memory_order_relaxed);
    Atomics::heavy_barrier();  // pairs with the light barrier after a reader's cursor store
  }
  void end_sleep() noexcept { block_->asleep.store(sleeps_ = (sleeps_ | 1) + 1, std::memory_order_relaxed); }

  /// Makes room for `bytes` where a single reader is slow, see LaneReaders::drop_oldest; returns how many were dropped.
  std::uint64_t drop_oldest(std::uint64_t bytes) noexcept {
    const std::uint64_t dropped = readers_.drop_oldest(*block_, bytes);
    set_limit();
    return dropped;
  }
  /// Records that were dropped though nothing could be reserved for it.
  std::uint64_t take_undelivered() noexcept { return readers_.take_undelivered(); }

  std::uint64_t position() const noexcept { return written_.position(); }
  /// Of the payload of the reserved record.
  std::byte* place() const noexcept { return written_.payload(position()); }
  /// Position up to which every reader has released. Those whose cursor comes over a wire are asked to tell when they
  /// are further: also where that very look has brought some of it, or whoever sleeps for the rest is told of nothing.
  std::uint64_t released() noexcept {
    while (refresh(limit_ + 1)) {
    }
    return oldest();
  }
  /// Records behind that; as many steps.
  std::uint64_t unreleased() const noexcept { return readers_.unreleased(); }
  /// Of the last record that is padding, up to the end of its lap; beyond all before there is one.
  std::uint64_t padded_at() const noexcept { return padded_at_; }
  std::uint64_t capacity() const noexcept { return written_.capacity(); }
  /// A reader whose cursor went back or ran ahead of what was written; it is to be dropped as corrupted.
  const LaneWire* bad_reader() const noexcept { return readers_.bad(); }

 private:
  static constexpr std::size_t shortest_portion = 4 * 1024;
  static constexpr std::size_t longest_portion = 64 * 1024;
  static constexpr std::uint64_t shortest_lent = 32 * 1024;
  static constexpr std::uint64_t shortest_taken = 128;
  static constexpr std::uint64_t longest_taken = 8 * 1024;

  void set_limit() noexcept {
    const std::uint64_t oldest = readers_.lowest();
    limit_ = oldest + capacity();
    while (!lent_.empty() && lent_.oldest()->next() <= oldest) give_back(*lent_.oldest());
    high_water_.raise(static_cast<std::int64_t>(position() - oldest));
  }

  void publish_lent(std::span<const std::byte> payload, LentRecord& record) noexcept {
    const std::uint64_t place = position() + Record::word_bytes;
    const std::uint64_t next = Records::next(position(), payload.size());
    publish(position(), next, static_cast<std::uint32_t>(payload.size()));
    written_.advance(next);
    lent_.push(record, payload, place, next);
  }
  void recall_all() noexcept {
    while (!lent_.empty()) recall(*lent_.oldest());
  }
  void give_back(LentRecord& record) noexcept {
    std::byte* const place = written_.payload(record.place() - Record::word_bytes);
    readers_.take_back(record, place);
    lent_.remove(record);
  }

  bool pad() noexcept {
    const std::uint64_t next = written_.next_lap(position());
    if (next + Record::word_bytes > limit_ && !refresh(next + Record::word_bytes)) return false;
    publish(position(), next, Record::padding);
    padded_at_ = position();
    written_.advance(next);
    return true;
  }

  // Whoever sent so much will soon send as much again. Readers share the lines of its place since the last lap, and the
  // copy's stores would wait for one after the other to come back: a store to each takes them back meanwhile. One way,
  // 4 KiB between near cores: 300 ns in place of 720 (a prefetch for writing does nothing for a line that is shared).
  void take_back(std::uint64_t bytes) noexcept {
    const std::uint64_t end = Records::next(position(), bytes) + Record::word_bytes;
    if (copies_.stores() != Stores::cached || written_.pads(bytes) || end > limit_) return;
    const std::uint64_t lines = std::min(end - position(), capacity() - written_.in_lap(position()) - 1) / cache_line;
    step();
    volatile std::byte* place = written_.payload(position());
    for (std::uint64_t line = 0; line < lines; ++line) place[line * cache_line] = std::byte{0};
  }

  void publish(std::uint64_t at, std::uint64_t next, std::uint32_t length) noexcept {
    if constexpr (!Records::fixed) written_.word(next).store(0, std::memory_order_relaxed);
    // Pairs with the acquire in LaneReader::look: payload and the cleared next word before this word.
    written_.word(at).store(Record::word(at, length), std::memory_order_release);
  }

  // Looks at the readers' cursors again; true when everything before `end` may be written. Inlined, its loop would have
  // every reservation save registers for it: 8 instructions of a send.
  [[gnu::noinline]] bool refresh(std::uint64_t end) noexcept {
    readers_.look(end);
    set_limit();
    return end <= limit_;
  }

  ProducerBlock<Atomics>* block_;
  WrittenRecords<Records, Atomics> written_;
  std::uint64_t limit_;  // bytes before it may be written
  std::uint64_t padded_at_ = ~std::uint64_t{0};
  LaneReaders<Records, Atomics> readers_;
  LentRecords lent_;
  std::uint32_t sleeps_ = 0;
  CopyChoice copies_;
  metrics::Gauge high_water_;
};

}  // namespace psyne::inline v0
