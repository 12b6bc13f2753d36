#pragma once

#include <psyne/core/metrics/instruments.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <new>

namespace psyne::inline v0 {

/// The workers of a pool, one for each thread and guest that there are at once, and which of them are taken.
///
///   take           any thread     lock-free; allocates a worker the first time that its seat is taken
///   leave          who took it    wait-free
///   any_free       any thread     looks at all
///   used, worker   any thread     wait-free
///
/// A worker stays where it is until the end, so that others may look at it at any time.
template <class Worker, class Atomics>
class Seats {
 public:
  /// `limit`: how many there are. Throws std::bad_alloc.
  explicit Seats(std::uint32_t limit) : limit_(limit), seats_(std::make_unique<Seat[]>(limit)) {}
  Seats(const Seats&) = delete;
  Seats& operator=(const Seats&) = delete;
  ~Seats() {
    for (std::uint32_t number = 0; number < used(); ++number)
      delete seats_[number].worker.load(std::memory_order_relaxed);
  }

  /// Where it is counted that somebody found none. Before the first is taken.
  void count_limited(metrics::Cell& cell) noexcept { limited_ = &cell; }

  /// A worker for a thread; null when all are taken, or there is no memory.
  Worker* take() noexcept {
    for (std::uint32_t number = 0; number < limit_; ++number) {
      Seat& seat = seats_[number];
      bool taken = seat.taken.load(std::memory_order_seq_cst);
      if (taken || !seat.taken.compare_exchange_strong(taken, true, std::memory_order_seq_cst)) continue;
      Worker* worker = seat.worker.load(std::memory_order_relaxed);
      if (worker != nullptr) return worker;
      worker = new (std::nothrow) Worker(number);
      if (worker == nullptr) {
        seat.taken.store(false, std::memory_order_relaxed);
        return nullptr;
      }
      seat.worker.store(worker, std::memory_order_seq_cst);
      std::uint32_t seen = used_.load(std::memory_order_relaxed);
      while (seen <= number && !used_.compare_exchange_weak(seen, number + 1, std::memory_order_seq_cst)) {
      }
      return worker;
    }
    limited_->fetch_add(1, std::memory_order_relaxed);
    return nullptr;
  }

  /// Nothing is left in its deques.
  void leave(Worker& worker) noexcept { seats_[worker.number()].taken.store(false, std::memory_order_seq_cst); }

  /// Whether there may be one more thread or guest now.
  bool any_free() const noexcept {
    return std::any_of(seats_.get(), seats_.get() + limit_,
                       [](const Seat& seat) { return !seat.taken.load(std::memory_order_seq_cst); });
  }

  /// How many are taken, or were at once. Sequentially consistent.
  std::uint32_t used() const noexcept { return used_.load(std::memory_order_seq_cst); }
  /// One of them, below used(); null when it has not come yet. Sequentially consistent.
  Worker* worker(std::uint32_t number) const noexcept { return seats_[number].worker.load(std::memory_order_seq_cst); }

 private:
  struct Seat {
    typename Atomics::template Atomic<Worker*> worker{nullptr};  // once it is there, it stays
    typename Atomics::template Atomic<bool> taken{false};
  };

  const std::uint32_t limit_;
  const std::unique_ptr<Seat[]> seats_;
  metrics::Cell* limited_ = metrics::nowhere;
  typename Atomics::template Atomic<std::uint32_t> used_{0};
};

}  // namespace psyne::inline v0
