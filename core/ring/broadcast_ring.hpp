#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/atomics/cache_line.hpp>
#include <psyne/core/result/result.hpp>
#include <psyne/core/ring/slots.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <limits>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace psyne::inline v0 {

/// What a BroadcastRing does when a consumer is a whole ring behind.
enum class SlowConsumer : std::uint8_t {
  waited_for,  ///< pushes are refused (would_block) until it moves on: nobody misses a value
  overtaken,   ///< pushes go on: it continues half a ring behind the newest value, and counts what it missed
};

struct BroadcastOptions {
  std::size_t capacity = 1024;  ///< values, rounded up to a power of two
  std::size_t consumers = 8;    ///< at most so many at a time
  SlowConsumer slow_consumer = SlowConsumer::waited_for;
};

/// One producer thread, many consumers, each of which sees every value in order. Consumers come and go at run time.
///
///   try_push, push_n, full         producer only   wait-free, after a full ring linear in consumers
///   consumer, close, closed        any thread      lock-free
///   Consumer: try_pop, pop_n, ...  its thread      wait-free
///
/// A new consumer sees every value whose push began after consumer() returned, none from before. The producer lets it
/// in at its next push, so that no value can slip between the two.
///
/// Shut-down: close() by the producer, after its last push; each consumer drains, then sees Code::closed. Consumers
/// leave by being destroyed, before the ring is.
///
/// Parking: Consumer::empty() and full() are exact for the thread in that role, as SpscRing's are. A producer that is
/// full waits for a pop or for a consumer to leave; both are worth a wake.
///
/// T is trivially copyable: several threads copy a value at once, perhaps while it is overwritten. Values are stored as
/// words of 8 bytes that are read and written by atomic accesses, and a copy counts only if begun_ shows afterwards
/// that its slot was not being reused (Lamport's and Boehm's sequence lock; "Can Seqlocks Get Along With Programming
/// Language Memory Models?", 2012, with an acquire per word in place of a fence).
template <class T, class Atomics = StandardAtomics>
class BroadcastRing {
  static_assert(std::is_trivially_copyable_v<T>, "a copy may be torn and thrown away");
  static_assert(std::is_default_constructible_v<T>);

  using Word = typename Atomics::template Atomic<std::uint64_t>;
  static constexpr std::size_t words = (sizeof(T) + sizeof(std::uint64_t) - 1) / sizeof(std::uint64_t);
  struct Slot {
    std::array<Word, words> word;
  };

  // Where a consumer stands: a position, or one of these.
  static constexpr std::uint64_t vacant = std::numeric_limits<std::uint64_t>::max();
  static constexpr std::uint64_t joining = vacant - 1;  // until the producer lets it in
  struct alignas(cache_line) Seat {
    Word cursor{vacant};  // written by the producer to let in, else by the consumer
  };

 public:
  using Value = T;

  /// One consumer's end: used by one thread at a time, must go before the ring does.
  class Consumer {
   public:
    Consumer(Consumer&& other) noexcept
        : ring_(std::exchange(other.ring_, nullptr)),
          seat_(other.seat_),
          cursor_(other.cursor_),
          tail_seen_(other.tail_seen_),
          missed_(other.missed_) {}
    Consumer& operator=(Consumer&& other) noexcept {
      Consumer taken(std::move(other));
      std::swap(ring_, taken.ring_);
      std::swap(seat_, taken.seat_);
      std::swap(cursor_, taken.cursor_);
      std::swap(tail_seen_, taken.tail_seen_);
      std::swap(missed_, taken.missed_);
      return *this;
    }
    ~Consumer() {
      if (ring_ != nullptr) seat_->cursor.store(vacant, std::memory_order_release);
    }

    /// Takes the next value. would_block: none now. closed: closed and drained.
    Result<T> try_pop() noexcept {
      T value;
      if (pop_n(&value, 1) == 1) [[likely]]
        return value;
      return ended() ? Code::closed : Code::would_block;
    }

    /// Takes up to `count` values, assigning each to `*out++`: how many there were.
    template <std::weakly_incrementable Output>
    std::size_t pop_n(Output out, std::size_t count) noexcept {
      static_assert(std::is_nothrow_assignable_v<std::iter_reference_t<Output>, T&&>);
      std::size_t popped = 0;
      while (popped < count && available()) {
        T value;
        if (!ring_->read(cursor_, value)) {
          catch_up();
          continue;
        }
        *out = value;
        ++out;
        ++cursor_;
        ++popped;
      }
      if (popped != 0)
        seat_->cursor.store(cursor_, std::memory_order_release);  // pairs with slowest(): read, then reused
      return popped;
    }

    bool empty() noexcept { return !available(); }
    /// Closed, and every value taken.
    bool ended() noexcept { return ring_->closed() && empty(); }
    /// How many values were overwritten before this consumer came to them; always 0 with SlowConsumer::waited_for.
    std::uint64_t missed() const noexcept { return missed_; }

   private:
    friend BroadcastRing;
    Consumer(BroadcastRing& ring, Seat& seat) noexcept : ring_(&ring), seat_(&seat) {}

    bool available() noexcept {
      if (cursor_ == tail_seen_) [[unlikely]]
        look();
      return cursor_ != tail_seen_;
    }

    void look() noexcept {
      if (cursor_ == joining) {
        // Acquire: the producer's tail is then at least where it let us in.
        const std::uint64_t start = seat_->cursor.load(std::memory_order_acquire);
        if (start == joining) return;
        cursor_ = start;
      }
      tail_seen_ = ring_->tail_.load(std::memory_order_acquire);
    }

    // To the middle of the ring, not to its oldest value, which would be overwritten again before it is read. Where one
    // batch replaces more than half of the ring, what it leaves begins later.
    void catch_up() noexcept {
      const std::uint64_t spared = ring_->begun_.load(std::memory_order_acquire) - ring_->capacity();
      tail_seen_ = ring_->tail_.load(std::memory_order_acquire);
      const std::uint64_t middle = tail_seen_ - (ring_->capacity() + 1) / 2;
      const std::uint64_t resumed = static_cast<std::int64_t>(middle - spared) > 0 ? middle : spared;
      missed_ += resumed - cursor_;
      cursor_ = resumed;
    }

    BroadcastRing* ring_;
    Seat* seat_;
    std::uint64_t cursor_ = joining;
    std::uint64_t tail_seen_ = joining;
    std::uint64_t missed_ = 0;
  };

  /// Throws std::length_error, std::bad_alloc.
  explicit BroadcastRing(const BroadcastOptions& options = {})
      : slots_(options.capacity), seats_(options.consumers), slow_consumer_(options.slow_consumer) {
    for (std::size_t at = 0; at < slots_.capacity(); ++at) std::construct_at(slots_.at(at));
  }
  BroadcastRing(const BroadcastRing&) = delete;
  BroadcastRing& operator=(const BroadcastRing&) = delete;
  ~BroadcastRing() { std::destroy_n(slots_.at(0), slots_.capacity()); }

  /// One more consumer. exhausted: BroadcastOptions::consumers are there already.
  Result<Consumer> consumer() {
    for (Seat& seat : seats_) {
      std::uint64_t expected = vacant;
      if (!seat.cursor.compare_exchange_strong(expected, joining, std::memory_order_acq_rel)) continue;
      joined_.fetch_add(1, std::memory_order_release);
      return Consumer(*this, seat);
    }
    return no_seat();
  }

  /// Shows a value to all consumers; with none, to nobody. would_block: a consumer is a whole ring behind.
  Result<void> try_push(const T& value) noexcept {
    if (closed()) [[unlikely]]
      return Code::closed;
    if (push_n(&value, 1) == 0) return Code::would_block;
    return {};
  }

  /// Pushes up to `count` values from `first`, published together: how many, 0 when full or closed.
  template <std::input_iterator Input>
  std::size_t push_n(Input first, std::size_t count) noexcept {
    const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
    if (closed()) [[unlikely]]
      return 0;
    if (joined_.load(std::memory_order_acquire) != joined_seen_) [[unlikely]]
      let_in(tail);
    const std::uint64_t pushed = room(tail, count);
    // Before write(), which stores with release: who reads a new word sees that its slot was begun. Release: who sees
    // it in catch_up() sees the tail before it as well, and does not resume behind the tail that it knows.
    begun_.store(tail + pushed, std::memory_order_release);
    for (std::uint64_t at = tail; at != tail + pushed; ++at, ++first) write(at, *first);
    tail_.store(tail + pushed, std::memory_order_release);
    return pushed;
  }

  /// Whether a push would be refused. Exact for the producer.
  bool full() noexcept {
    const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
    return room(tail, 1) == 0;
  }

  void close() noexcept { closed_.store(1, std::memory_order_release); }
  bool closed() const noexcept { return closed_.load(std::memory_order_acquire) != 0; }
  std::size_t capacity() const noexcept { return slots_.capacity(); }

 private:
  // Cold: only after joined_ changed. The count is read before the seats, so whoever comes too late is let in next
  // time.
  void let_in(std::uint64_t tail) noexcept {
    joined_seen_ = joined_.load(std::memory_order_acquire);
    for (Seat& seat : seats_) {
      std::uint64_t expected = joining;
      // Fails when the consumer has left meanwhile.
      seat.cursor.compare_exchange_strong(expected, tail, std::memory_order_acq_rel);
    }
  }

  std::uint64_t room(std::uint64_t tail, std::uint64_t wanted) noexcept {
    if (slow_consumer_ == SlowConsumer::overtaken) return std::min<std::uint64_t>(wanted, capacity());
    if (capacity() - (tail - slowest_) < wanted) slowest_ = slowest(tail);
    return std::min<std::uint64_t>(wanted, capacity() - (tail - slowest_));
  }

  std::uint64_t slowest(std::uint64_t tail) const noexcept {
    std::uint64_t slowest = tail;
    for (const Seat& seat : seats_) {
      const std::uint64_t cursor = seat.cursor.load(std::memory_order_acquire);
      if (cursor < joining) slowest = std::min(slowest, cursor);
    }
    return slowest;
  }

  void write(std::uint64_t position, const T& value) noexcept {
    std::array<std::uint64_t, words> image{};
    std::memcpy(image.data(), &value, sizeof(T));
    Slot& slot = *slots_.at(position);
    for (std::size_t i = 0; i < words; ++i) slot.word[i].store(image[i], std::memory_order_release);
  }

  bool read(std::uint64_t position, T& value) const noexcept {
    std::array<std::uint64_t, words> image{};
    const Slot& slot = *slots_.at(position);
    for (std::size_t i = 0; i < words; ++i) image[i] = slot.word[i].load(std::memory_order_acquire);
    if (begun_.load(std::memory_order_relaxed) - position > capacity()) return false;
    std::memcpy(&value, image.data(), sizeof(T));
    return true;
  }

  Error no_seat() const {
    return Error(Code::exhausted, "cannot add a consumer to the ring")
        .because("all of its " + std::to_string(seats_.size()) + " seats are taken")
        .mend("Raise BroadcastOptions::consumers, or let a Consumer go first.");
  }

  using Flag = typename Atomics::template Atomic<std::uint32_t>;

  Slots<Slot> slots_;
  std::vector<Seat> seats_;
  SlowConsumer slow_consumer_;
  Flag closed_{0};                    // written once
  Word joined_{0};                    // how many consumers ever came
  alignas(cache_line) Word tail_{0};  // this line is written by the producer: values before here are readable
  Word begun_{0};                     // slots before here may be half written
  std::uint64_t slowest_{0};          // its copy of the least cursor
  std::uint64_t joined_seen_{0};      // its copy of joined_
};

}  // namespace psyne::inline v0
