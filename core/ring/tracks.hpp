#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/atomics/cache_line.hpp>
#include <psyne/core/result/result.hpp>
#include <psyne/core/ring/spsc_ring.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace psyne::inline v0 {

/// How large a ring with several producers is. Its memory is producers * capacity * sizeof(T).
struct TrackOptions {
  std::size_t capacity = 1024;  ///< values of each producer, rounded up to a power of two
  std::size_t producers = 8;    ///< at most so many at a time
};

/// What MpscRing and MpmcRing are made of: for each producer an SpscRing of its own, its track, so that producers share
/// no word that changes, and who sits at which track.
///
///   producer, close, ended, empty    any thread
///
/// A producer that leaves frees its track for the next one; values that it left there stay in order before the next
/// one's. The end comes when close() was called, every Producer has gone and every track is empty: then no value can
/// follow, because ended() itself took the last free seats.
template <class T, class Atomics = StandardAtomics>
class Tracks {
  enum Seat : std::uint32_t { free, taken, sealed };  // sealed: free for good, after close()

 public:
  using Ring = SpscRing<T, Atomics>;
  using Flag = typename Atomics::template Atomic<std::uint32_t>;

  struct Track {
    explicit Track(std::size_t capacity) : ring(capacity) {}

    /// The right to pop, where there are several consumers: one at a time has it, nobody waits for it.
    bool take_turn() noexcept {
      return turn.load(std::memory_order_relaxed) == 0 && turn.exchange(1, std::memory_order_acquire) == 0;
    }
    void end_turn() noexcept { turn.store(0, std::memory_order_release); }

    Ring ring;
    alignas(cache_line) Flag turn{0};  // written by consumers
    Flag seat{Seat::free};             // written when a producer comes or goes
  };

  /// One producer's end: used by one thread at a time, leaves when destroyed, must go before the ring does.
  /// All operations are wait-free.
  class Producer {
   public:
    Producer(Producer&& other) noexcept : track_(std::exchange(other.track_, nullptr)) {}
    Producer& operator=(Producer&& other) noexcept {
      std::swap(track_, other.track_);
      return *this;
    }
    ~Producer() {
      // Pairs with the acquire in seal(): what was pushed is seen by whoever finds that nobody sits here.
      if (track_ != nullptr) track_->seat.store(Seat::free, std::memory_order_release);
    }

    /// As SpscRing's. would_block says that this producer's own track is full.
    Result<void> try_push(const T& value) noexcept(std::is_nothrow_copy_constructible_v<T>) {
      return track_->ring.try_push(value);
    }
    Result<void> try_push(T&& value) noexcept { return track_->ring.try_push(std::move(value)); }
    template <class... Arguments>
    Result<void> try_emplace(Arguments&&... arguments) noexcept(std::is_nothrow_constructible_v<T, Arguments...>) {
      return track_->ring.try_emplace(std::forward<Arguments>(arguments)...);
    }
    template <std::input_iterator Input>
    std::size_t push_n(Input first, std::size_t count) noexcept {
      return track_->ring.push_n(first, count);
    }
    bool full() const noexcept { return track_->ring.full(); }
    bool closed() const noexcept { return track_->ring.closed(); }

   private:
    friend Tracks;
    explicit Producer(Track& track) noexcept : track_(&track) {}

    Track* track_;
  };

  explicit Tracks(const TrackOptions& options) {
    tracks_.reserve(options.producers);
    while (tracks_.size() < options.producers) tracks_.push_back(std::make_unique<Track>(options.capacity));
  }

  /// A seat for one more producer. exhausted: all `producers` seats are taken. closed: after close().
  Result<Producer> producer() {
    for (std::size_t index = 0; index < tracks_.size(); ++index) {
      Track& track = *tracks_[index];
      std::uint32_t expected = Seat::free;
      if (track.ring.closed()) return Code::closed;
      if (!track.seat.compare_exchange_strong(expected, Seat::taken, std::memory_order_acq_rel)) continue;
      raise_used(index + 1);
      return Producer(track);
    }
    if (tracks_.empty() || !tracks_.front()->ring.closed()) return no_seat();
    return Code::closed;
  }

  Track& operator[](std::size_t index) noexcept { return *tracks_[index]; }
  /// Tracks from here on never had a producer.
  std::size_t used() const noexcept { return used_.load(std::memory_order_acquire); }

  /// Exact for a lone consumer as SpscRing::empty() is.
  bool empty() const noexcept {
    const std::size_t used = this->used();
    for (std::size_t index = 0; index < used; ++index) {
      if (!tracks_[index]->ring.empty()) return false;
    }
    return true;
  }
  std::size_t size() const noexcept {
    const std::size_t used = this->used();
    std::size_t values = 0;
    for (std::size_t index = 0; index < used; ++index) values += tracks_[index]->ring.size();
    return values;
  }

  void close() noexcept {
    for (auto& track : tracks_) track->ring.close();
    closed_.store(1, std::memory_order_release);
  }
  bool closed() const noexcept { return closed_.load(std::memory_order_acquire) != 0; }

  /// Closed, every producer gone, every value taken.
  bool ended() noexcept { return closed() && seal() && empty(); }

 private:
  bool seal() noexcept {
    bool all = true;
    for (auto& track : tracks_) {
      std::uint32_t seat = Seat::free;
      const bool done =
          track->seat.compare_exchange_strong(seat, Seat::sealed, std::memory_order_acq_rel, std::memory_order_acquire);
      all = all && (done || seat == Seat::sealed);
    }
    return all;
  }

  void raise_used(std::size_t least) noexcept {
    std::size_t used = used_.load(std::memory_order_relaxed);
    while (used < least && !used_.compare_exchange_weak(used, least, std::memory_order_release)) {
    }
  }

  Error no_seat() const {
    return Error(Code::exhausted, "cannot add a producer to the ring")
        .because("all of its " + std::to_string(tracks_.size()) + " seats are taken")
        .mend("Raise TrackOptions::producers, or let a Producer go first.");
  }

  std::vector<std::unique_ptr<Track>> tracks_;
  typename Atomics::template Atomic<std::size_t> used_{0};
  Flag closed_{0};
};

}  // namespace psyne::inline v0
