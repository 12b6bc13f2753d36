#pragma once

#include <psyne/core/result/result.hpp>

#include <array>
#include <cstdint>
#include <optional>

#include <explorer/atomics.hpp>
#include <explorer/checked.hpp>

namespace psyne::explorer {

/// What a ring could get wrong.
enum class RingBug : std::uint8_t {
  none,
  one_credit_too_many,       ///< the producer takes a slot that was not given back
  published_before_written,  ///< the index first, then the value
  given_back_before_read,    ///< the index first, then the value is taken
  index_of_a_lap_ago,        ///< the consumer's copy of the index is trusted once more than it says
  closed_looked_at_last,     ///< between the look for values and the look at the flag a last one can come
  wrapped_too_late,          ///< positions wrap one behind the end
};

/// SpscRing of two values once more, as small as it goes and with a bug at choice.
template <RingBug bug>
class MutatedSpscRing {
  using Bug = RingBug;
  static constexpr std::uint64_t capacity = 2;

 public:
  explicit MutatedSpscRing(std::size_t) {}

  Result<void> try_push(int value) {
    const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
    const std::uint64_t room = capacity + (bug == Bug::one_credit_too_many ? 1 : 0);
    if (tail - head_seen_ >= room) head_seen_ = head_.load(std::memory_order_acquire);
    if (tail - head_seen_ >= room) return Code::would_block;
    if (bug == Bug::published_before_written) tail_.store(tail + 1, std::memory_order_release);
    at(tail) = value;
    if (bug != Bug::published_before_written) tail_.store(tail + 1, std::memory_order_release);
    return {};
  }

  Result<Checked<int>> try_pop() {
    const std::uint64_t head = head_.load(std::memory_order_relaxed);
    const std::uint64_t known = tail_seen_ + (bug == Bug::index_of_a_lap_ago && head == capacity ? 1 : 0);
    if (known == head || tail_seen_ > head + capacity) {
      std::optional<bool> closed;
      if (bug != Bug::closed_looked_at_last) closed = closed_.load(std::memory_order_acquire);
      tail_seen_ = tail_.load(std::memory_order_acquire);
      if (!closed) closed = closed_.load(std::memory_order_acquire);
      if (tail_seen_ == head) return *closed ? Code::closed : Code::would_block;
    }
    if (bug == Bug::given_back_before_read) head_.store(head + 1, std::memory_order_release);
    const int value = at(head);
    if (bug != Bug::given_back_before_read) head_.store(head + 1, std::memory_order_release);
    return Checked<int>(value);
  }

  void close() { closed_.store(true, std::memory_order_release); }

 private:
  Checked<int>& at(std::uint64_t position) {
    return slots_[position % (capacity + (bug == Bug::wrapped_too_late ? 1 : 0)) % slots_.size()];
  }

  ExplorerAtomics::Atomic<std::uint64_t> tail_{0}, head_{0};
  ExplorerAtomics::Atomic<bool> closed_{false};
  std::uint64_t head_seen_ = 0, tail_seen_ = 0;
  std::array<Checked<int>, capacity> slots_;
};

}  // namespace psyne::explorer
