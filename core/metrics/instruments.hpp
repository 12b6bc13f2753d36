#pragma once

#include <psyne/core/metrics/layout.hpp>

#include <atomic>
#include <cstdint>

namespace psyne::inline v0::metrics {

/// One cell of 64 bits, written by one thread at a time and read by anybody.
using Cell = std::atomic<std::uint64_t>;
static_assert(sizeof(Cell) == layout::word && Cell::is_always_lock_free);

/// Where instruments that belong to no section count to.
inline Cell nowhere[1 + buckets];

/// Adds to a cell of one's own. Not a read-modify-write: there is one writer, so that a load and a store are enough
/// (0.4 ns where `lock xadd` took 2.0), and relaxed ones, since nobody draws conclusions from the order of two
/// counters.
inline void grow(Cell& cell, std::uint64_t by) noexcept {
  cell.store(cell.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

/// Handles to values of a Section, cheap to copy. Valid as long as their section; made by default they count to
/// nowhere. All writing calls: one thread at a time per section, wait-free, no system call.

/// Counts what happened. Wraps after 2^64.
class Counter {
 public:
  Counter() noexcept = default;
  explicit Counter(Cell* cell) noexcept : cell_(cell) {}
  void add(std::uint64_t count = 1) noexcept { grow(*cell_, count); }
  /// Any thread.
  std::uint64_t value() const noexcept { return cell_->load(std::memory_order_relaxed); }

 private:
  Cell* cell_ = nowhere;
};

/// Shows how much there is now.
class Gauge {
 public:
  Gauge() noexcept = default;
  explicit Gauge(Cell* cell) noexcept : cell_(cell) {}
  void set(std::int64_t value) noexcept { cell_->store(static_cast<std::uint64_t>(value), std::memory_order_relaxed); }
  void add(std::int64_t change) noexcept { grow(*cell_, static_cast<std::uint64_t>(change)); }
  /// Keeps the larger of the two: a high-water mark. Writes only when it rises.
  void raise(std::int64_t value) noexcept {
    if (value > this->value()) set(value);
  }
  /// Any thread.
  std::int64_t value() const noexcept { return static_cast<std::int64_t>(cell_->load(std::memory_order_relaxed)); }

 private:
  Cell* cell_ = nowhere;
};

/// Counts values by their size: nanoseconds, bytes.
class Histogram {
 public:
  Histogram() noexcept = default;
  /// `cells`: the sum, then the buckets.
  explicit Histogram(Cell* cells) noexcept : cells_(cells) {}
  void record(std::uint64_t value) noexcept {
    grow(cells_[0], value);
    grow(cells_[1 + bucket_of(value)], 1);
  }

 private:
  Cell* cells_ = nowhere;
};

}  // namespace psyne::inline v0::metrics
