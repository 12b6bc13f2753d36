#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/atomics/cache_line.hpp>
#include <psyne/core/result/result.hpp>
#include <psyne/core/ring/slots.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <type_traits>
#include <utility>

namespace psyne::inline v0 {

/// One producer thread, one consumer thread, values of one type in order, headerless at a stride of sizeof(T).
///
///   try_push, try_emplace, push_n, full       producer only   wait-free
///   try_pop, pop_n, front, release, empty     consumer only   wait-free
///   known, look                               consumer only   wait-free
///   size, capacity, closed, close             any thread      wait-free
///
/// The thread in each role may change when the hand-over itself synchronizes.
///
/// Shut-down: close() by the producer, after its last push; the consumer drains, then sees Code::closed. The consumer
/// may close as well to say that it wants no more; pushes are then refused, and what one of them still brings in is
/// destroyed with the ring, as is everything never popped.
///
/// Parking: nothing here blocks. empty() is exact for the consumer: while it is false a pop succeeds; true may be
/// outdated at once. full() likewise for the producer. So whoever wants to sleep announces it (EventCount::prepare),
/// looks again at `empty() && !closed()` or `full() && !closed()`, and sleeps; the other side wakes after a push, a pop
/// or a close.
///
/// T is nothrow move constructible and destructible, move-only types included. A constructor that throws in try_emplace
/// leaves the ring as it was; batches ask for nothrow construction.
///
/// Shared words are tail_, head_ and closed_, nothing else; values are plain memory, published by tail_, given back by
/// head_. Index caching after Torquati, "Single-Producer/Single-Consumer Queues on Shared Cache Multi-Core Systems"
/// (2010): each side re-reads the other's index only when its own copy says full or empty.
template <class T, class Atomics = StandardAtomics>
class SpscRing {
  static_assert(std::is_object_v<T> && !std::is_const_v<T>);
  static_assert(std::is_nothrow_move_constructible_v<T>, "a pop moves the value out and cannot undo it");
  static_assert(std::is_nothrow_destructible_v<T>);

 public:
  using Value = T;

  /// Room for `capacity` values, rounded up to a power of two. Throws std::length_error, std::bad_alloc.
  explicit SpscRing(std::size_t capacity) : slots_(capacity) {
    static_assert(sizeof(SpscRing) % (3 * cache_line) == 0, "a line for what is constant, and one per writer");
    static_assert(alignof(SpscRing) == cache_line);
  }
  SpscRing(const SpscRing&) = delete;
  SpscRing& operator=(const SpscRing&) = delete;
  ~SpscRing() {
    const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
    for (std::uint64_t at = head_.load(std::memory_order_relaxed); at != tail; ++at) std::destroy_at(slots_.at(at));
  }

  /// Constructs a value at the end. would_block: full now. closed: somebody called close(). Either way the arguments
  /// are untouched.
  template <class... Arguments>
  Result<void> try_emplace(Arguments&&... arguments) noexcept(std::is_nothrow_constructible_v<T, Arguments...>) {
    const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
    if (closed()) [[unlikely]]
      return Code::closed;
    if (room(tail, 1) == 0) [[unlikely]]
      return Code::would_block;
    std::construct_at(slots_.at(tail), std::forward<Arguments>(arguments)...);
    tail_.store(tail + 1, std::memory_order_release);  // pairs with the acquire in available(): value before its index
    return {};
  }
  Result<void> try_push(const T& value) noexcept(std::is_nothrow_copy_constructible_v<T>) { return try_emplace(value); }
  Result<void> try_push(T&& value) noexcept { return try_emplace(std::move(value)); }

  /// Pushes up to `count` values from `first`, published together: how many there was room for, 0 when full or closed.
  /// Copies; give std::move_iterator to move. `first` must not throw.
  template <std::input_iterator Input>
  std::size_t push_n(Input first, std::size_t count) noexcept {
    static_assert(std::is_nothrow_constructible_v<T, std::iter_reference_t<Input>>);
    const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
    if (closed()) [[unlikely]]
      return 0;
    const std::uint64_t pushed = room(tail, count);
    for (std::uint64_t at = tail; at != tail + pushed; ++at, ++first) std::construct_at(slots_.at(at), *first);
    tail_.store(tail + pushed, std::memory_order_release);
    return pushed;
  }

  /// Takes the oldest value. would_block: empty now. closed: closed and drained.
  Result<T> try_pop() noexcept {
    const std::uint64_t head = head_.load(std::memory_order_relaxed);
    if (known(head) == 0) [[unlikely]] {
      breathe();
      if (available(head, 1) == 0) return why_empty();
    }
    T* slot = slots_.at(head);
    Result<T> value(std::move(*slot));
    std::destroy_at(slot);
    head_.store(head + 1,
                std::memory_order_release);  // pairs with the acquire in room(): slot read before it is reused
    return value;
  }

  /// Takes up to `count` of the oldest values, assigning each to `*out++`; their memory goes back together. Returns how
  /// many there were. The assignment must not throw: a pointer or a vector's iterator, not a back_inserter.
  template <std::weakly_incrementable Output>
  std::size_t pop_n(Output out, std::size_t count) noexcept {
    static_assert(std::is_nothrow_assignable_v<std::iter_reference_t<Output>, T&&>);
    const std::uint64_t head = head_.load(std::memory_order_relaxed);
    const std::uint64_t popped = available(head, count);
    for (std::uint64_t at = head; at != head + popped; ++at, ++out) {
      *out = std::move(*slots_.at(at));
      std::destroy_at(slots_.at(at));
    }
    head_.store(head + popped, std::memory_order_release);
    return popped;
  }

  /// The oldest value in place, or null when the ring is empty now. It stays where it is until release().
  T* front() noexcept {
    const std::uint64_t head = head_.load(std::memory_order_relaxed);
    return available(head, 1) == 0 ? nullptr : slots_.at(head);
  }
  /// Destroys the value that front() returned and gives its slot back. Only after front() was not null.
  void release() noexcept {
    const std::uint64_t head = head_.load(std::memory_order_relaxed);
    std::destroy_at(slots_.at(head));
    head_.store(head + 1, std::memory_order_release);
  }

  /// From now on pushes are refused. Idempotent.
  void close() noexcept { closed_.store(1, std::memory_order_release); }
  bool closed() const noexcept { return closed_.load(std::memory_order_acquire) != 0; }

  bool empty() const noexcept { return size() == 0; }
  bool full() const noexcept { return size() == capacity(); }
  /// A snapshot from other threads, stale when it returns.
  std::size_t size() const noexcept {
    const std::uint64_t head = head_.load(std::memory_order_acquire);  // first, so that the difference is not negative
    return std::min<std::uint64_t>(tail_.load(std::memory_order_acquire) - head, capacity());
  }
  std::size_t capacity() const noexcept { return slots_.capacity(); }

  /// How many values the consumer can pop without looking at the producer's index.
  std::size_t known() const noexcept { return known(head_.load(std::memory_order_relaxed)); }
  /// Looks at it: how many values there are now.
  std::size_t look() noexcept { return available(head_.load(std::memory_order_relaxed), capacity()); }

 private:
  std::uint64_t known(std::uint64_t head) const noexcept { return tail_seen_ - head; }

  std::uint64_t room(std::uint64_t tail, std::uint64_t wanted) noexcept {
    if (capacity() - (tail - head_seen_) < wanted) head_seen_ = head_.load(std::memory_order_acquire);
    return std::min<std::uint64_t>(wanted, capacity() - (tail - head_seen_));
  }

  std::uint64_t available(std::uint64_t head, std::uint64_t wanted) noexcept {
    if (known(head) < wanted) {
      const std::uint64_t before = tail_seen_;
      tail_seen_ = tail_.load(std::memory_order_acquire);
      arrived_ = tail_seen_ - before;
    }
    return std::min<std::uint64_t>(wanted, known(head));
  }

  // A consumer that pops faster than its producer pushes would fetch tail_ again after every few values, and each time
  // take the line from under the producer. A breath lets more of a stream arrive: 100 -> 190 M/s between near cores,
  // 45 -> 62 between far ones. A round trip has too little in flight to be taken for a stream, and does not wait.
  void breathe() const noexcept {
    if (arrived_ < 8 || arrived_ >= 256) return;
    for (int i = 0; i < 8; ++i) Atomics::pause();
  }

  // The flag is read before the index is read again, so that a value pushed before the close is never missed.
  Code why_empty() noexcept {
    if (!closed() || !empty()) return Code::would_block;
    return Code::closed;
  }

  using Word = typename Atomics::template Atomic<std::uint64_t>;
  using Flag = typename Atomics::template Atomic<std::uint32_t>;

  alignas(cache_line) Slots<T> slots_;  // read by both
  Flag closed_{0};                      // written once
  alignas(cache_line) Word tail_{0};    // written by the producer
  std::uint64_t head_seen_{0};          // the producer's copy of head_
  alignas(cache_line) Word head_{0};    // written by the consumer
  std::uint64_t tail_seen_{0};          // the consumer's copy of tail_
  std::uint64_t arrived_{0};            // by how much that copy grew last
};

}  // namespace psyne::inline v0
