#pragma once

#include <psyne/core/atomics/step.hpp>
#include <psyne/core/copy/copy_choice.hpp>
#include <psyne/core/lane/blocks.hpp>
#include <psyne/core/lane/record.hpp>
#include <psyne/core/metrics/instruments.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace psyne::inline v0 {

/// How the writer of a lane reaches what it cannot reach by loads and stores: the seam between lanes and links.
class LaneWire {
 public:
  virtual ~LaneWire() = default;
  /// The sleeping other end is to look again.
  virtual void wake() noexcept = 0;
  /// Not mapped: carries the records from the last flush to `position` over; the consumer then sees them.
  virtual void flush(std::uint64_t position) noexcept { static_cast<void>(position); }
  /// Not mapped: the consumer's cursor as far as it came back. Where that is before `needed`, the consumer is asked to
  /// tell it at once when it gets there.
  virtual std::uint64_t credit(std::uint64_t needed) noexcept {
    static_cast<void>(needed);
    return 0;
  }
  /// Not mapped: what is before may have been handed to the program; nobody can know whether it was.
  virtual std::uint64_t reached() noexcept { return 0; }
};

/// The producer's end of a lane: one thread at a time writes records, one or several readers each see all of them.
///
///   try_reserve, fill, commit, their batches             the producer's thread   wait-free
///   add_reader, remove_reader, close, drop_oldest        the producer's thread   wait-free
///
/// A record is either committed or was never there: a producer that dies at any point leaves what it committed
/// readable. Shut-down: close(); readers drain up to the position it names.
///
/// The cursor of a reader is its own memory: it is checked (never behind what it was, never ahead of what was written),
/// and one that lies is reported by bad_reader().
template <class Records, class Atomics = StandardAtomics>
class LaneWriter {
  using Word = SharedWord<Atomics, std::uint64_t>;

 public:
  /// `block` and `ring` are this process's own memory, zeroed, `capacity` a power of two.
  LaneWriter(ProducerBlock<Atomics>& block, std::byte* ring, std::uint64_t capacity) noexcept
      : block_(&block), ring_(ring), mask_(capacity - 1), limit_(first_word<Records> + capacity), copies_(capacity) {}

  /// From now on `high_water` shows the most bytes in flight that were seen when the producer looked at its readers:
  /// when it needs room, so once a lap at least, and when one came or went.
  void measure(metrics::Gauge high_water) noexcept { high_water_ = high_water; }

  /// Room for a payload of `bytes` (at most longest_payload), or nullptr when there is none now. Reserving again
  /// without a commit gives the same place: a draft that is not committed never was.
  std::byte* try_reserve(std::uint64_t bytes) noexcept {
    if (pads(bytes) && !pad()) [[unlikely]]
      return nullptr;
    // The word after it must be free as well: committing clears it.
    const std::uint64_t end = Records::next(position_, bytes) + Record::word_bytes;
    if (end > limit_ && !refresh(end)) {
      copies_.held_up();
      return nullptr;
    }
    return payload(position_);
  }

  /// Copies the payload into the reserved record; commit it right after, with just its size. A long one is told in
  /// portions, so that a reader who copies out may follow while this still copies (LaneReader::under_way): 64 KiB came
  /// over in 2.4 us in place of 3.4, 1 MiB in 33 in place of 48.
  void fill(std::span<const std::byte> bytes) noexcept {
    const bool timed = copies_.timed(bytes.size());
    const Clock::time_point begin = timed ? Atomics::now() : Clock::time_point();
    std::byte* to = payload(position_);
    const std::size_t portion = std::clamp(bytes.size() / 8, shortest_portion, longest_portion);
    std::size_t done = 0;
    if (bytes.size() > portion) {
      const std::uint64_t word = Record::word(position_, static_cast<std::uint32_t>(bytes.size()));
      block_->under_way.store(word, std::memory_order_relaxed);
    }
    for (; bytes.size() - done > portion; done += portion) {
      step_within(to + done, bytes.data() + done, portion);
      copy_in(to + done, bytes.data() + done, portion, copies_.stores());
      // Pairs with the acquire in LaneReader::under_way: these bytes, and the word, before this.
      block_->filled.store(position_ + done + portion, std::memory_order_release);
    }
    step_within(to + done, bytes.data() + done, bytes.size() - done);
    copy_in(to + done, bytes.data() + done, bytes.size() - done, copies_.stores());
    if (!timed) return;
    const Clock::time_point end = Atomics::now();
    copies_.copied(bytes.size(), position_, end - begin, end);
  }

  /// Whether a record of that size is better written beside the ring, and filled in from there: its reader fetches what
  /// was stored past the cache so much faster that the copy pays.
  bool streams(std::uint64_t bytes) const noexcept {
    return bytes >= CopyChoice::long_copy && copies_.stores() == Stores::streamed;
  }
  /// The reserved record was written in its place, since `begin`. Only of records that streams() asks about.
  void wrote(std::uint64_t bytes, Clock::time_point begin) noexcept {
    const Clock::time_point end = Atomics::now();
    copies_.copied(bytes, position_, end - begin, end);
  }

  /// Publishes the reserved record with `bytes` of payload, at most what was reserved.
  void commit(std::uint64_t bytes) noexcept {
    const std::uint64_t next = Records::next(position_, bytes);
    publish(position_, next, static_cast<std::uint32_t>(bytes));
    position_ = next;
    tell();
    if (bytes >= shortest_taken && bytes <= longest_taken) take_back(bytes);
  }

  /// Fixed sizes: room for up to `count` records at a stride, as many as there are up to the end of the lap.
  std::size_t try_reserve_many(std::size_t count, std::uint64_t bytes) noexcept
    requires(Records::fixed)
  {
    if (try_reserve(bytes) == nullptr) return 0;
    const std::uint64_t left_in_lap = capacity() - (position_ & mask_) - Record::word_bytes - bytes;
    const std::uint64_t wanted = std::min<std::uint64_t>(count, left_in_lap / Records::stride + 1);
    const std::uint64_t end = position_ + wanted * Records::stride + Record::word_bytes;
    if (end > limit_) static_cast<void>(refresh(end));
    return std::min(wanted, (limit_ - Record::word_bytes - position_) / Records::stride);
  }
  std::byte* reserved(std::size_t index) noexcept
    requires(Records::fixed)
  {
    return payload(position_ + index * Records::stride);
  }
  /// Publishes the first `count` of the reserved records, all at once: the first word goes last and carries the release
  /// for all of them, because a reader looks at no later word before it has seen the first.
  void commit_many(std::size_t count, std::uint64_t bytes) noexcept
    requires(Records::fixed)
  {
    if (count == 0) return;
    for (std::size_t i = count - 1; i > 0; --i) {
      const std::uint64_t position = position_ + i * Records::stride;
      word(position).store(Record::word(position, static_cast<std::uint32_t>(bytes)), std::memory_order_relaxed);
    }
    publish(position_, position_ + Records::stride, static_cast<std::uint32_t>(bytes));
    position_ += count * Records::stride;
    tell();
  }

  /// `consumer` is mapped memory of the reader, or nullptr when its cursor comes over the wire. It begins at `from`.
  void add_reader(const ConsumerBlock<Atomics>* consumer, LaneWire& wire, std::uint64_t from) {
    readers_.push_back({consumer, &wire, from, from, 0});
    set_limit();
    if (consumer == nullptr) wire.flush(position_);
  }
  /// The reader is gone. What it had not been given stays for the next reader, where no other holds it back. What it
  /// was given and had not released stays as well (`again`), or is given up; returns how many were given up.
  std::uint64_t remove_reader(const LaneWire& wire, bool again) noexcept {
    const auto gone = std::ranges::find(readers_, &wire, &Reader::wire);
    if (gone == readers_.end()) return 0;
    static_cast<void>(refresh(limit_ + 1));
    // Its last words may be garbage: walk my own records up to where it says that it was, never beyond what I wrote,
    // and from a place where one begins. Where it lied about that, what it was to read is given up, uncounted.
    const std::uint64_t taken = again                       ? 0
                                : gone->consumer == nullptr ? gone->wire->reached()
                                                            : gone->consumer->taken.load(std::memory_order_acquire);
    std::uint64_t position = begins_at(gone->cursor) ? gone->cursor : position_, given_up = 0;
    while (position < std::min(taken, position_)) {
      given_up += is_padding(position) ? 0 : 1;
      position = after(position);
    }
    if (position != position_ && is_padding(position)) position = after(position);
    retained_ = std::max(retained_, position);
    readers_.erase(gone);
    if (bad_reader_ == &wire) bad_reader_ = nullptr;  // its successor may lie at the same address
    set_limit();
    return given_up;
  }
  /// Without readers: the oldest record that is still kept, or nothing.
  std::optional<std::span<const std::byte>> oldest_kept() noexcept {
    if (retained_ != position_ && is_padding(retained_)) retained_ = after(retained_);
    if (retained_ == position_) return std::nullopt;
    return std::span<const std::byte>(payload(retained_), length_at(retained_));
  }
  /// It is kept no longer.
  void forget_oldest() noexcept {
    retained_ = after(retained_);
    set_limit();
  }

  /// Where a reader that joins now begins: at the oldest record that is still kept.
  std::uint64_t oldest() const noexcept { return lowest(); }
  std::size_t readers() const noexcept { return readers_.size(); }

  /// No record follows. Readers drain.
  void close() noexcept {
    block_->closed_at.store(position_, std::memory_order_release);
    for (Reader& reader : readers_) reader.wire->wake();
  }

  /// Announces that the producer is about to sleep for room; look once more with try_reserve after it. Readers that
  /// give back from now on wake it.
  void announce_sleep() noexcept {
    block_->asleep.store(++sleeps_ | 1, std::memory_order_relaxed);
    Atomics::heavy_barrier();  // pairs with the light barrier after a reader's cursor store
  }
  void end_sleep() noexcept { block_->asleep.store(sleeps_ = (sleeps_ | 1) + 1, std::memory_order_relaxed); }

  /// Drops whole unread records from the oldest on until `bytes` fit, one reader only. Returns how many, or nothing
  /// when the reader is reading or holding the oldest, which is never overwritten.
  ///
  /// The reader stores its claim, then loads the floor; the producer stores the floor, then loads the claim; full
  /// barriers between. Either the reader sees the new floor and steps over it, or the producer sees the claim and
  /// yields.
  std::uint64_t drop_oldest(std::uint64_t bytes) noexcept {
    if (readers_.size() != 1 || readers_.front().consumer == nullptr) return 0;
    Reader& reader = readers_.front();
    std::uint64_t floor = lowest(), dropped = 0;
    if (!begins_at(floor)) {
      bad_reader_ = reader.wire;
      return 0;
    }
    const std::uint64_t begin = pads(bytes) ? lap_end(position_) + first_word<Records> : position_;
    const std::uint64_t needed = Records::next(begin, bytes) + Record::word_bytes;
    while (floor < position_ && needed > floor + capacity()) {
      dropped += is_padding(floor) ? 0 : 1;
      floor = after(floor);
    }
    block_->floor.store(floor, std::memory_order_seq_cst);
    Atomics::full_barrier();
    const std::uint64_t claim = reader.consumer->claim.load(std::memory_order_acquire);
    const std::uint64_t cursor = reader.consumer->cursor.load(std::memory_order_acquire);
    if ((claim & 1) != 0 || cursor < claim) {
      // It reads or holds records: what the new floor passed may already be stepped over, so it stays dropped.
      undelivered_ += dropped;
      return 0;
    }
    reader.cursor = std::max(reader.cursor, floor);
    set_limit();
    return dropped;
  }
  /// Records that a floor passed though nothing could be reserved for it.
  std::uint64_t take_undelivered() noexcept { return std::exchange(undelivered_, 0); }

  std::uint64_t position() const noexcept { return position_; }
  /// Position up to which every reader has released.
  std::uint64_t released() noexcept {
    static_cast<void>(refresh(limit_ + 1));
    return lowest();
  }
  std::uint64_t capacity() const noexcept { return mask_ + 1; }
  /// A reader whose cursor went back or ran ahead of what was written; it is to be dropped as corrupted.
  const LaneWire* bad_reader() const noexcept { return bad_reader_; }

 private:
  static constexpr std::size_t shortest_portion = 4 * 1024;
  static constexpr std::size_t longest_portion = 64 * 1024;
  static constexpr std::uint64_t shortest_taken = 128;
  static constexpr std::uint64_t longest_taken = 8 * 1024;

  struct Reader {
    const ConsumerBlock<Atomics>* consumer;
    LaneWire* wire;
    std::uint64_t cursor;  // what is before may be written over: what it told, or the floor where that is further
    std::uint64_t told;
    std::uint32_t woken;  // the sleep that was woken last
  };

  Word& word(std::uint64_t position) noexcept { return *reinterpret_cast<Word*>(ring_ + (position & mask_)); }
  std::byte* payload(std::uint64_t position) noexcept { return ring_ + (position & mask_) + Record::word_bytes; }
  std::uint64_t lap_end(std::uint64_t position) const noexcept { return (position | mask_) + 1; }
  bool pads(std::uint64_t bytes) const noexcept {
    return (position_ & mask_) + Record::word_bytes + bytes > capacity();
  }

  // My own words. What a reader says may be any place, and looking like a word there is payload at most: so nobody
  // walks beyond what was written.
  std::uint32_t length_at(std::uint64_t position) noexcept {
    return Record::length(word(position).load(std::memory_order_relaxed));
  }
  bool is_padding(std::uint64_t position) noexcept { return length_at(position) == Record::padding; }
  std::uint64_t after(std::uint64_t position) noexcept {
    const std::uint64_t next =
        is_padding(position) ? lap_end(position) + first_word<Records> : Records::next(position, length_at(position));
    return std::min(next, position_);
  }
  bool begins_at(std::uint64_t position) noexcept {
    return position == position_ || Record::committed(word(position).load(std::memory_order_relaxed), position);
  }

  void set_limit() noexcept {
    const std::uint64_t oldest = lowest();
    limit_ = oldest + capacity();
    high_water_.raise(static_cast<std::int64_t>(position_ - oldest));
  }

  bool pad() noexcept {
    const std::uint64_t next = lap_end(position_) + first_word<Records>;
    if (next + Record::word_bytes > limit_ && !refresh(next + Record::word_bytes)) return false;
    publish(position_, next, Record::padding);
    position_ = next;
    tell();
    return true;
  }

  // Whoever sent so much will soon send as much again. Readers share the lines of its place since the last lap, and the
  // copy's stores would wait for one after the other to come back: a store to each takes them back meanwhile. One way,
  // 4 KiB between near cores: 300 ns in place of 720 (a prefetch for writing does nothing for a line that is shared).
  void take_back(std::uint64_t bytes) noexcept {
    const std::uint64_t end = Records::next(position_, bytes) + Record::word_bytes;
    if (copies_.stores() != Stores::cached || pads(bytes) || end > limit_) return;
    const std::uint64_t lines = std::min(end - position_, capacity() - (position_ & mask_) - 1) / cache_line;
    step();
    volatile std::byte* place = payload(position_);
    for (std::uint64_t line = 0; line < lines; ++line) place[line * cache_line] = std::byte{0};
  }

  void publish(std::uint64_t position, std::uint64_t next, std::uint32_t length) noexcept {
    if constexpr (!Records::fixed) word(next).store(0, std::memory_order_relaxed);
    // Pairs with the acquire in LaneReader::look: payload and the cleared next word before this word.
    word(position).store(Record::word(position, length), std::memory_order_release);
  }

  void tell() noexcept {
    Atomics::light_barrier();  // pairs with the heavy barrier of LaneReader::announce_sleep
    for (Reader& reader : readers_) {
      if (reader.consumer == nullptr) {
        reader.wire->flush(position_);
      } else if (const std::uint32_t asleep = reader.consumer->asleep.load(std::memory_order_relaxed);
                 (asleep & 1) != 0 && asleep != reader.woken) [[unlikely]] {
        reader.woken = asleep;
        reader.wire->wake();
      }
    }
  }

  // Looks at the readers' cursors again; true when everything before `end` may be written.
  bool refresh(std::uint64_t end) noexcept {
    for (Reader& reader : readers_) {
      // Acquire: the reader's last loads of a record come before our overwriting it.
      const std::uint64_t cursor = reader.consumer != nullptr ? reader.consumer->cursor.load(std::memory_order_acquire)
                                                              : reader.wire->credit(end - std::min(end, capacity()));
      if (cursor == 0) continue;  // its memory as it was made: it has not begun to read
      const bool between_records = cursor % Records::alignment == first_word<Records>;
      if (cursor < reader.told || cursor > position_ || !between_records) [[unlikely]] {
        bad_reader_ = reader.wire;
        continue;
      }
      reader.told = cursor;
      reader.cursor = std::max(reader.cursor, cursor);
    }
    set_limit();
    return end <= limit_;
  }

  std::uint64_t lowest() const noexcept {
    if (readers_.empty()) return retained_;
    std::uint64_t lowest = readers_.front().cursor;
    for (const Reader& reader : readers_) lowest = std::min(lowest, reader.cursor);
    return lowest;
  }

  ProducerBlock<Atomics>* block_;
  std::byte* ring_;
  std::uint64_t mask_;
  std::uint64_t position_ = first_word<Records>;  // of the next record's word
  std::uint64_t limit_;                           // bytes before it may be written
  std::vector<Reader> readers_;
  std::uint64_t retained_ = first_word<Records>;  // without readers: the oldest record that is kept
  std::uint64_t undelivered_ = 0;
  std::uint32_t sleeps_ = 0;
  const LaneWire* bad_reader_ = nullptr;
  CopyChoice copies_;
  metrics::Gauge high_water_;
};

}  // namespace psyne::inline v0
