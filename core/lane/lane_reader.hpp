#pragma once

#include <psyne/core/compression/packed_record.hpp>
#include <psyne/core/lane/blocks.hpp>
#include <psyne/core/lane/held_views.hpp>
#include <psyne/core/lane/lane_writer.hpp>
#include <psyne/core/lane/record.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace psyne::inline v0 {

/// What a look at a lane found.
enum class Look : std::uint8_t {
  record,     ///< front() is the next one
  empty,      ///< nothing now
  ended,      ///< the producer closed, and everything was taken
  corrupted,  ///< the producer wrote what no producer writes; nothing more is read from it
};

/// Where the reader's limit comes from on a lane that is not mapped.
class LaneSource {
 public:
  virtual ~LaneSource() = default;
  /// Position up to which records have arrived; before it, all bytes are here.
  virtual std::uint64_t arrived() noexcept = 0;
  /// The position at which the producer closed, or ProducerBlock::open.
  virtual std::uint64_t closed_at() noexcept = 0;
  /// Carries the cursor back: at once, or when that is enough, or when it is asked for.
  virtual void credit(std::uint64_t cursor) noexcept = 0;
  /// The sleeping producer is to look again.
  virtual void wake() noexcept = 0;
};

/// The consumer's end of a lane.
///
///   look, front, under_way, pop, hold, ... _sleep       the consumer's thread   wait-free
///   release                                             any thread              lock-free
///
/// front() is valid until pop() gives it back at once, or hold() makes it a view that release() gives back later, in
/// any order. What the producer wrote is not trusted: a word is read once, its length checked against the ring, and a
/// payload never reaches beyond it.
///
/// Shut-down: retire() by the consumer's thread; the object may be destroyed when it, or the last release(), returned
/// true.
template <class Records, class Atomics = StandardAtomics>
class LaneReader {
  using Word = SharedWord<Atomics, std::uint64_t>;

 public:
  struct Options {
    std::uint64_t from = first_word<Records>;  ///< position of the first record
    std::size_t most_held = 1024;              ///< a power of two
    bool lossy = false;                        ///< the producer may drop the oldest
    bool packs = false;                        ///< records may be packed
  };

  /// `producer` and `ring` are the peer's memory, mapped read-only, or a mirror of it in ours; `own` is ours.
  LaneReader(const ProducerBlock<Atomics>* producer, const std::byte* ring, std::uint64_t capacity,
             ConsumerBlock<Atomics>& own, LaneSource& source, const Options& options)
      : producer_(producer),
        ring_(ring),
        mask_(capacity - 1),
        own_(&own),
        source_(&source),
        position_(options.from),
        limit_(producer != nullptr && may_begin(options.from) ? ~std::uint64_t{0} : options.from),
        lossy_(options.lossy),
        packs_(options.packs),
        held_(options.most_held) {
    own_->cursor.store(position_, std::memory_order_relaxed);
    own_->taken.store(position_, std::memory_order_relaxed);
    own_->claim.store(position_, std::memory_order_relaxed);
  }

  Look look() noexcept {
    for (;;) {
      if (position_ >= limit_) [[unlikely]] {
        if (const Look arrived = look_for_arrivals(); arrived != Look::record) return arrived;
      }
      if (lossy_) [[unlikely]] {
        if (const Look claimed = claim(); claimed != Look::record) return claimed;
      }
      // Pairs with the release in LaneWriter::publish: the payload before its word.
      const std::uint64_t word = this->word(position_).load(std::memory_order_acquire);
      if (!Record::committed(word, position_)) return nothing();
      const std::uint32_t length = Record::length(word);
      if (length == Record::padding) [[unlikely]] {
        if ((position_ & mask_) == first_word<Records>) return Look::corrupted;  // a lap of nothing, and so for ever
        position_ = (position_ | mask_) + 1 + first_word<Records>;
        continue;
      }
      if (!Records::fits_type(length) || !inside(length)) [[unlikely]]
        return look_packed(length) ? Look::record : Look::corrupted;
      length_ = length;
      return Look::record;
    }
  }

  /// After look() said record.
  std::span<const std::byte> front() const noexcept {
    return {ring_ + (position_ & mask_) + Record::word_bytes, length_};
  }

  /// Whether the front is no payload but a PackedRecord: what becomes of it is not checked yet.
  bool packed() const noexcept
    requires(!Records::fixed)
  {
    return packed_at_ == position_;
  }
  /// Then: how long its payload is to be, longer than the front and at most what the ring takes as it is.
  std::uint64_t unpacked_bytes() const noexcept { return unpacked_bytes_; }
  /// Where the front ends, in positions.
  std::uint64_t front_end() const noexcept { return Records::next(position_, length_); }
  /// What is before was given back, and nobody looks at it any more.
  std::uint64_t given_back() const noexcept { return own_->cursor.load(std::memory_order_acquire); }
  /// The front is what no producer writes: from now on look() says corrupted.
  void condemn() noexcept {
    condemned_ = true;
    limit_ = 0;
  }

  /// Whether look() will find something that has come before.
  bool arrived() const noexcept { return position_ < limit_; }
  /// Where in the ring the next payload may begin: behind the last record, or behind padding at the beginning of a lap.
  std::array<std::uint64_t, 2> next_payloads() const noexcept {
    return {(position_ & mask_) + Record::word_bytes, first_word<Records> + Record::word_bytes};
  }
  /// Whether a payload as long as the last one lies behind padding.
  bool pads() const noexcept { return !inside(length_); }

  /// A record that the producer is still copying in: how many bytes it will have, and those that are there already.
  struct UnderWay {
    std::uint64_t bytes = 0;  ///< 0: there is none, or it cannot be followed
    std::span<const std::byte> filled{};
  };
  /// After look() said empty. The bytes are whole only once look() says record; where the producer dies before, they
  /// never were a record.
  UnderWay under_way() const noexcept {
    if (producer_ == nullptr || lossy_) return {};
    // Pairs with the release in LaneWriter::fill.
    const std::uint64_t filled = producer_->filled.load(std::memory_order_acquire) - position_;
    const std::uint64_t word = producer_->under_way.load(std::memory_order_relaxed);
    const std::uint32_t length = Record::length(word);
    // A value of an earlier record lies before position_, and so becomes greater than any length.
    if (!Record::committed(word, position_) || !inside(length) || filled > length) return {};
    return {.bytes = length, .filled = {ring_ + (position_ & mask_) + Record::word_bytes, filled}};
  }

  /// Gives the front back at once.
  void pop() noexcept {
    step();
    stepped_ = false;
    if (held_.none()) [[likely]] {
      publish(position_);
    } else {
      static_cast<void>(held_.release(held_.hold(position_), [this](std::uint64_t end) { publish(end); }));
    }
    if (lossy_) own_->claim.store(position_, std::memory_order_release);
  }

  /// Steps over the front without giving it back: records stepped over are covered by the next hold() or pop().
  void step() noexcept {
    position_ = Records::next(position_, length_);
    stepped_ = true;
    own_->taken.store(position_, std::memory_order_relaxed);
    if (lossy_) own_->claim.store(position_ | 1, std::memory_order_release);
  }

  /// Whether another view may be held.
  bool can_hold() const noexcept { return !held_.full(); }
  /// Everything stepped over since the last hold() or pop() becomes one view; returns the number to release it by.
  std::uint32_t hold() noexcept {
    stepped_ = false;
    if (lossy_) own_->claim.store(position_, std::memory_order_release);
    return held_.hold(position_);
  }
  /// Any thread, once for each hold(). True when the lane was retired and this was its last access.
  [[nodiscard]] bool release(std::uint32_t view) noexcept {
    return held_.release(view, [this](std::uint64_t end) { publish(end); });
  }
  /// No more looks. True when nothing is held: the lane may go now, else with the release() that says so.
  [[nodiscard]] bool retire() noexcept { return held_.close(); }

  /// Announces that the consumer is about to sleep. Then, once for all lanes that it sleeps on, a heavy barrier, and
  /// one more look() at each: commits that those did not see wake it.
  void announce_sleep() noexcept { own_->asleep.store(sleeps_ = (sleeps_ + 1) | 1, std::memory_order_relaxed); }
  void end_sleep() noexcept { own_->asleep.store(sleeps_ = (sleeps_ | 1) + 1, std::memory_order_relaxed); }

  std::uint64_t position() const noexcept { return position_; }

 private:
  const Word& word(std::uint64_t position) const noexcept {
    return *reinterpret_cast<const Word*>(ring_ + (position & mask_));
  }

  /// Where words lie: what a stranger told as such a place is checked by this, once.
  static constexpr bool may_begin(std::uint64_t position) noexcept {
    return position % Records::alignment == first_word<Records> && position < Record::furthest;
  }
  bool inside(std::uint32_t length) const noexcept {
    return (position_ & mask_) + Record::word_bytes + length <= mask_ + 1;
  }

  static constexpr int most_claims = 1000;

  // A length that is too long for the ring may be one of a packed record; in a ring where none can have that bit.
  [[gnu::noinline]] bool look_packed(std::uint32_t told) noexcept {
    const std::uint32_t length = told & ~Record::packed;
    if (!packs_ || Records::fixed || (told & Record::packed) == 0) return false;
    if (length <= PackedRecord::header_bytes || !inside(length)) return false;
    unpacked_bytes_ = PackedRecord::read_length(ring_ + (position_ & mask_) + Record::word_bytes);
    if (unpacked_bytes_ <= length || unpacked_bytes_ > longest_payload(mask_ + 1)) return false;
    length_ = length;
    packed_at_ = position_;
    return true;
  }

  Look look_for_arrivals() noexcept {
    if (condemned_ || !may_begin(position_)) return Look::corrupted;
    const std::uint64_t arrived = source_->arrived();
    if (arrived - position_ > mask_ + 1) return Look::corrupted;  // behind us, or more than a ring ahead
    limit_ = arrived;
    return position_ < limit_ ? Look::record : nothing();
  }

  // What was stepped over and is to become a view, a batch, is as good as held.
  bool nothing_is_out() const noexcept { return !stepped_ && held_.none(); }

  Look nothing() noexcept {
    if (lossy_) own_->claim.store(position_, std::memory_order_release);
    // Padding was stepped over, and a producer may wait for just that room.
    if (nothing_is_out() && own_->cursor.load(std::memory_order_relaxed) != position_) publish(position_);
    const std::uint64_t closed_at =
        producer_ != nullptr ? producer_->closed_at.load(std::memory_order_acquire) : source_->closed_at();
    // Something committed before the close, but not seen above, lies before closed_at: the next look will see it.
    if (closed_at == ProducerBlock<Atomics>::open) return Look::empty;
    if (position_ >= closed_at) return Look::ended;
    return Look::empty;
  }

  // See LaneReaders::drop_oldest for the argument.
  Look claim() noexcept {
    for (int turn = 0; turn < most_claims; ++turn) {
      own_->claim.store(position_ | 1, std::memory_order_seq_cst);
      Atomics::full_barrier();
      const std::uint64_t floor = producer_->floor.load(std::memory_order_acquire);
      if (floor <= position_) return Look::record;
      if (!may_begin(floor)) return Look::corrupted;
      position_ = floor;
      if (nothing_is_out()) own_->cursor.store(position_, std::memory_order_release);
    }
    return Look::empty;  // it drops faster than we look; or it only says so, and must not keep us here
  }

  // Release: our loads of the records come before the producer's overwriting them.
  void publish(std::uint64_t end) noexcept {
    own_->cursor.store(end, std::memory_order_release);
    if (producer_ == nullptr) return source_->credit(end);
    Atomics::light_barrier();  // pairs with the heavy barrier in LaneWriter::announce_sleep
    const std::uint32_t asleep = producer_->asleep.load(std::memory_order_relaxed);
    if ((asleep & 1) != 0 && asleep != woken_) [[unlikely]] {
      woken_ = asleep;
      source_->wake();
    }
  }

  const ProducerBlock<Atomics>* producer_;
  const std::byte* ring_;
  std::uint64_t mask_;
  ConsumerBlock<Atomics>* own_;
  LaneSource* source_;
  std::uint64_t position_;    // of the next record's word
  std::uint64_t limit_;       // records before it have arrived; mapped: no limit, the words tell
  std::uint32_t length_ = 0;  // of the front
  std::uint32_t sleeps_ = 0;
  std::uint32_t woken_ = 0;                      // the producer's sleep that was woken last; by whoever publishes
  std::uint64_t packed_at_ = ~std::uint64_t{0};  // of the last packed record that was looked at
  std::uint64_t unpacked_bytes_ = 0;             // of that
  bool lossy_;
  bool packs_;
  bool condemned_ = false;
  bool stepped_ = false;  // over records that neither hold() nor pop() has covered yet
  HeldViews<Atomics> held_;
};

}  // namespace psyne::inline v0
