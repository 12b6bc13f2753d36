#pragma once

#include <psyne/core/ring/tracks.hpp>

#include <cstddef>
#include <utility>

namespace psyne::inline v0 {

/// Many producers, one consumer thread, values of one type; order holds within a producer.
///
///   producer                                  any thread        lock-free; give each pushing thread its own
///   Producer: try_push, try_emplace, push_n   its thread        wait-free
///   try_pop, pop_n                            consumer only     wait-free
///   empty, size, close, closed                any thread        wait-free
///
/// Each producer has a track of its own (Tracks, SpscRing), so that a push touches no word that another producer
/// writes; the consumer goes round the tracks. A ring that all producers share by compare-and-swap would keep one order
/// over all of them, at a third of the throughput or less (docs/investigations/rings.md).
///
/// Fair: the consumer leaves a track when it has taken all that it knew to be there, or `stay` values.
///
/// Shut-down: close() from any thread refuses pushes and new producers; once every Producer has been destroyed and the
/// consumer has drained, it sees Code::closed. A Producer that stays keeps the end away, for it may be pushing.
///
/// Parking: as SpscRing; the consumer sleeps on `empty() && !ended()`. A Producer wakes it after its pushes and after
/// it is gone, whoever calls close() after that.
///
/// T as SpscRing's.
template <class T, class Atomics = StandardAtomics>
class MpscRing {
 public:
  using Value = T;
  using Producer = typename Tracks<T, Atomics>::Producer;

  /// Throws std::length_error, std::bad_alloc.
  explicit MpscRing(const TrackOptions& options = {}) : tracks_(options) {}
  MpscRing(const MpscRing&) = delete;
  MpscRing& operator=(const MpscRing&) = delete;

  /// exhausted: TrackOptions::producers are there already. closed: after close().
  Result<Producer> producer() { return tracks_.producer(); }

  /// Takes the oldest value of some producer. would_block: none now. closed: ended().
  Result<T> try_pop() noexcept {
    if (stays()) [[likely]] {
      ++stayed_;
      return ring_->try_pop();
    }
    for (std::size_t left = tracks_.used(); left > 0; --left) {
      move_on();
      if (ring_->look() == 0) continue;
      stayed_ = 1;
      return ring_->try_pop();
    }
    return tracks_.ended() ? Code::closed : Code::would_block;
  }

  /// Takes up to `count` values of one producer; see SpscRing::pop_n. 0: none now, or ended().
  template <std::weakly_incrementable Output>
  std::size_t pop_n(Output out, std::size_t count) noexcept {
    if (stays()) [[likely]] {
      const std::size_t popped = ring_->pop_n(out, count);
      stayed_ += popped;
      return popped;
    }
    for (std::size_t left = tracks_.used(); left > 0; --left) {
      move_on();
      if (const std::size_t popped = ring_->pop_n(out, count)) return stayed_ = popped;
    }
    return 0;
  }

  bool empty() const noexcept { return tracks_.empty(); }
  std::size_t size() const noexcept { return tracks_.size(); }
  void close() noexcept { tracks_.close(); }
  bool closed() const noexcept { return tracks_.closed(); }
  /// No value will come any more: closed, all producers gone, all values taken.
  bool ended() noexcept { return tracks_.ended(); }

 private:
  static constexpr std::size_t stay = 256;

  using Ring = typename Tracks<T, Atomics>::Ring;

  // Leaving as soon as the known values are out, instead of asking this producer again, gives it time to bring more:
  // 65 -> 174 M/s from two producers between near cores.
  bool stays() const noexcept { return stayed_ < stay && ring_->known() != 0; }

  void move_on() noexcept {
    at_ = at_ + 1 < tracks_.used() ? at_ + 1 : 0;
    ring_ = &tracks_[at_].ring;
  }

  Tracks<T, Atomics> tracks_;
  std::size_t at_ = 0;         // the track that the consumer is at
  Ring* ring_ = nullptr;       // its ring; null before the first visit, when stayed_ keeps anybody from looking
  std::size_t stayed_ = stay;  // how many values were taken there without a look elsewhere
};

}  // namespace psyne::inline v0
