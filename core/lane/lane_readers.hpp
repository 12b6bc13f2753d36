#pragma once

#include <psyne/core/lane/blocks.hpp>
#include <psyne/core/lane/lane_wire.hpp>
#include <psyne/core/lane/record.hpp>
#include <psyne/core/lane/written_records.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace psyne::inline v0 {

/// The readers of a lane as its producer knows them: how far each is, what is kept for those who come later, and what
/// is given up when one goes or is too slow. By the producer's thread only; wait-free, save add(), which may allocate.
///
/// The cursor of a reader is its own memory: it is checked (never behind what it was, never ahead of what was written),
/// and one that lies is reported by bad().
template <class Records, class Atomics>
class LaneReaders {
  using Written = WrittenRecords<Records, Atomics>;

 public:
  /// `written` outlives this.
  explicit LaneReaders(const Written& written) noexcept : written_(&written) {}
  LaneReaders(const LaneReaders&) = delete;
  LaneReaders& operator=(const LaneReaders&) = delete;

  /// `consumer` is mapped memory of the reader, or nullptr when its cursor comes over the wire. It begins at `from`.
  void add(const ConsumerBlock<Atomics>* consumer, LaneWire& wire, std::uint64_t from) {
    readers_.push_back({consumer, &wire, from, from, 0});
  }
  /// The reader is gone. What it had not been given stays for the next reader, where no other holds it back. What it
  /// was given and had not released stays as well (`again`), or is given up; returns how many were given up.
  std::uint64_t remove(const LaneWire& wire, bool again) noexcept {
    const auto gone = std::ranges::find(readers_, &wire, &Reader::wire);
    if (gone == readers_.end()) return 0;
    // Its last words may be garbage: walk my own records up to where it says that it was, never beyond what I wrote,
    // and from a place where one begins. Where it lied about that, what it was to read is given up, uncounted.
    const std::uint64_t taken = again                       ? 0
                                : gone->consumer == nullptr ? gone->wire->reached()
                                                            : gone->consumer->taken.load(std::memory_order_acquire);
    const std::uint64_t end = written_->position();
    std::uint64_t position = written_->begins_at(gone->cursor) ? gone->cursor : end, given_up = 0;
    while (position < std::min(taken, end)) {
      given_up += written_->is_padding(position) ? 0 : 1;
      position = written_->after(position);
    }
    if (position != end && written_->is_padding(position)) position = written_->after(position);
    retained_ = std::max(retained_, position);
    readers_.erase(gone);
    if (bad_ == &wire) bad_ = nullptr;  // its successor may lie at the same address
    return given_up;
  }
  std::size_t count() const noexcept { return readers_.size(); }

  /// Without readers: the oldest record that is still kept, or nothing.
  std::optional<std::span<const std::byte>> oldest_kept() noexcept {
    if (retained_ != written_->position() && written_->is_padding(retained_)) retained_ = written_->after(retained_);
    if (retained_ == written_->position()) return std::nullopt;
    return std::span<const std::byte>(written_->payload(retained_), written_->length_at(retained_));
  }
  /// Whether that is packed.
  bool oldest_is_packed() const noexcept { return written_->is_packed_at(retained_); }
  /// It is kept no longer.
  void forget_oldest() noexcept { retained_ = written_->after(retained_); }

  /// What is before was released by every reader, or dropped: where one that joins now begins.
  std::uint64_t lowest() const noexcept {
    if (readers_.empty()) return retained_;
    std::uint64_t lowest = readers_.front().cursor;
    for (const Reader& reader : readers_) lowest = std::min(lowest, reader.cursor);
    return lowest;
  }

  /// Records that were not released by every reader, as far as is known, and neither dropped.
  std::uint64_t unreleased() const noexcept {
    const std::uint64_t end = written_->position();
    std::uint64_t position = lowest(), records = 0;
    if (!written_->begins_at(position)) return 0;  // a reader that lies
    while (position < end) {
      records += written_->is_padding(position) ? 0 : 1;
      position = written_->after(position);
    }
    return records;
  }

  /// Looks at their cursors again; those that come over a wire are asked for room up to `end`.
  void look(std::uint64_t end) noexcept {
    for (Reader& reader : readers_) {
      // Acquire: the reader's last loads of a record come before our overwriting it.
      const std::uint64_t cursor = reader.consumer != nullptr
                                       ? reader.consumer->cursor.load(std::memory_order_acquire)
                                       : reader.wire->credit(end - std::min(end, written_->capacity()));
      if (cursor == 0) continue;  // its memory as it was made: it has not begun to read
      const bool between_records = cursor % Records::alignment == first_word<Records>;
      if (cursor < reader.told || cursor > written_->position() || !between_records) [[unlikely]] {
        bad_ = reader.wire;
        continue;
      }
      reader.told = cursor;
      reader.cursor = std::max(reader.cursor, cursor);
    }
  }
  /// One whose cursor went back or ran ahead of what was written; it is to be dropped as corrupted.
  const LaneWire* bad() const noexcept { return bad_; }

  /// Drops whole unread records from the oldest on until `bytes` fit, one reader only. Returns how many, or nothing
  /// when the reader is reading or holding the oldest, which is never overwritten.
  ///
  /// The reader stores its claim, then loads the floor; the producer stores the floor, then loads the claim; full
  /// barriers between. Either the reader sees the new floor and steps over it, or the producer sees the claim and
  /// yields.
  std::uint64_t drop_oldest(ProducerBlock<Atomics>& block, std::uint64_t bytes) noexcept {
    if (readers_.size() != 1 || readers_.front().consumer == nullptr) return 0;
    Reader& reader = readers_.front();
    std::uint64_t floor = reader.cursor, dropped = 0;
    if (!written_->begins_at(floor)) {
      bad_ = reader.wire;
      return 0;
    }
    const std::uint64_t begin = written_->pads(bytes) ? written_->next_lap(written_->position()) : written_->position();
    const std::uint64_t needed = Records::next(begin, bytes) + Record::word_bytes;
    while (floor < written_->position() && needed > floor + written_->capacity()) {
      dropped += written_->is_padding(floor) ? 0 : 1;
      floor = written_->after(floor);
    }
    block.floor.store(floor, std::memory_order_seq_cst);
    Atomics::full_barrier();
    const std::uint64_t claim = reader.consumer->claim.load(std::memory_order_acquire);
    const std::uint64_t cursor = reader.consumer->cursor.load(std::memory_order_acquire);
    if ((claim & 1) != 0 || cursor < claim) {
      // It reads or holds records: what the new floor passed may already be stepped over, so it stays dropped.
      undelivered_ += dropped;
      return 0;
    }
    reader.cursor = std::max(reader.cursor, floor);
    return dropped;
  }
  /// Records that a floor passed though nothing could be reserved for it.
  std::uint64_t take_undelivered() noexcept { return std::exchange(undelivered_, 0); }

  /// Something was committed: carries it over, and wakes who sleeps.
  void tell() noexcept {
    Atomics::light_barrier();  // pairs with the heavy barrier of LaneReader::announce_sleep
    for (Reader& reader : readers_) {
      if (reader.consumer == nullptr) {
        reader.wire->flush(written_->position());
      } else if (const std::uint32_t asleep = reader.consumer->asleep.load(std::memory_order_relaxed);
                 (asleep & 1) != 0 && asleep != reader.woken) [[unlikely]] {
        reader.woken = asleep;
        reader.wire->wake();
      }
    }
  }
  /// Whether there are readers, and the wires of all of them lend.
  bool lend() const noexcept {
    return !readers_.empty() &&
           std::ranges::all_of(readers_, [](const Reader& reader) { return reader.wire->lends(); });
  }
  /// And whether they would all post so much now.
  bool post(std::uint64_t bytes) const noexcept {
    return std::ranges::all_of(readers_, [bytes](const Reader& reader) { return reader.wire->posts(bytes); });
  }
  /// As tell(), where they would all post the last record, which is lent.
  void tell_lent() noexcept {
    for (Reader& reader : readers_) reader.wire->flush_lent(written_->position());
  }
  void take_back(const LentRecord& lent, const std::byte* place) noexcept {
    for (Reader& reader : readers_) reader.wire->taken_back(lent, place);
  }
  void wake() noexcept {
    for (Reader& reader : readers_) reader.wire->wake();
  }

 private:
  struct Reader {
    const ConsumerBlock<Atomics>* consumer;
    LaneWire* wire;
    std::uint64_t cursor;  // what is before may be written over: what it told, or the floor where that is further
    std::uint64_t told;
    std::uint32_t woken;  // the sleep that was woken last
  };

  const Written* written_;
  std::vector<Reader> readers_;
  std::uint64_t retained_ = first_word<Records>;  // without readers: the oldest record that is kept
  std::uint64_t undelivered_ = 0;
  const LaneWire* bad_ = nullptr;
};

}  // namespace psyne::inline v0
