#pragma once

#include <psyne/core/ring/tracks.hpp>

#include <cstddef>
#include <iterator>
#include <utility>

namespace psyne::inline v0 {

/// Many producers, many consumers, values of one type, each taken by one consumer; order holds within a producer.
///
///   producer, consumer                        any thread   lock-free; give each thread its own
///   Producer: try_push, try_emplace, push_n   its thread   wait-free
///   Consumer: try_pop, pop_n                  its thread   never waits
///   empty, size, close, closed, ended         any thread   wait-free
///
/// Each producer has a track of its own (Tracks, SpscRing). A consumer takes its turn at a track, pops as if alone and
/// ends its turn; it passes by a track at which another consumer has the turn. So would_block means that every track
/// was empty or had its turn taken when it was looked at, and a consumer that is suspended inside a pop holds back the
/// values of that one producer until it runs on. Letting consumers claim values of one track side by side was slower
/// in most runs, up to 2.3 times, because they fought over its lines instead of parting (docs/investigations/rings.md).
///
/// Shut-down: as MpscRing; every consumer then sees Code::closed.
///
/// Parking: a consumer sleeps on `empty() && !ended()`, never on would_block alone, for empty() counts the values of
/// tracks that were passed by.
///
/// T as SpscRing's.
template <class T, class Atomics = StandardAtomics>
class MpmcRing {
  using Tracks = psyne::Tracks<T, Atomics>;
  using Track = typename Tracks::Track;

 public:
  using Value = T;
  using Producer = typename Tracks::Producer;

  /// One consumer's end: used by one thread at a time, must go before the ring does. There may be any number.
  class Consumer {
   public:
    /// Takes the oldest value of some producer. would_block: nothing to take right now. closed: ended().
    Result<T> try_pop() noexcept {
      if (stayed_ < stay) [[likely]] {
        ++stayed_;
        if (auto value = pop(*track_)) return value;
      }
      for (std::size_t left = tracks_->used(); left > 0; --left) {
        move_on();
        if (auto value = pop(*track_)) return value;
      }
      return tracks_->ended() ? Code::closed : Code::would_block;
    }

    /// Takes up to `count` values of one producer; see SpscRing::pop_n. 0: nothing right now, or ended().
    template <std::weakly_incrementable Output>
    std::size_t pop_n(Output out, std::size_t count) noexcept {
      if (stayed_ < stay) [[likely]] {
        if (const std::size_t popped = pop_n(*track_, out, count)) {
          stayed_ += popped;
          return popped;
        }
      }
      for (std::size_t left = tracks_->used(); left > 0; --left) {
        move_on();
        if (const std::size_t popped = pop_n(*track_, out, count)) return popped;
      }
      return 0;
    }

   private:
    friend MpmcRing;
    Consumer(Tracks& tracks, std::size_t at) noexcept : tracks_(&tracks), at_(at) {}

    static constexpr std::size_t stay = 256;

    static Result<T> pop(Track& track) noexcept {
      if (!track.take_turn()) return Code::would_block;
      const bool any = track.ring.known() != 0 || track.ring.look() != 0;
      Result<T> value = any ? track.ring.try_pop() : Code::would_block;
      track.end_turn();
      return value;
    }

    template <class Output>
    static std::size_t pop_n(Track& track, Output out, std::size_t count) noexcept {
      if (!track.take_turn()) return 0;
      const std::size_t popped = track.ring.pop_n(out, count);
      track.end_turn();
      return popped;
    }

    void move_on() noexcept {
      at_ = at_ + 1 < tracks_->used() ? at_ + 1 : 0;
      track_ = &(*tracks_)[at_];
      stayed_ = 0;
    }

    Tracks* tracks_;
    std::size_t at_;             // the track that this consumer is at
    Track* track_ = nullptr;     // the same; null before the first visit
    std::size_t stayed_ = stay;  // how many values it took there; a visit elsewhere is due at `stay`
  };

  /// Throws std::length_error, std::bad_alloc.
  explicit MpmcRing(const TrackOptions& options = {}) : tracks_(options) {}
  MpmcRing(const MpmcRing&) = delete;
  MpmcRing& operator=(const MpmcRing&) = delete;

  /// exhausted: TrackOptions::producers are there already. closed: after close().
  Result<Producer> producer() { return tracks_.producer(); }

  /// Consumers begin at different tracks.
  Consumer consumer() noexcept { return Consumer(tracks_, consumers_.fetch_add(1, std::memory_order_relaxed)); }

  /// False while any value is in the ring, also one that another consumer is taking.
  bool empty() const noexcept { return tracks_.empty(); }
  std::size_t size() const noexcept { return tracks_.size(); }
  void close() noexcept { tracks_.close(); }
  bool closed() const noexcept { return tracks_.closed(); }
  /// No value will come any more: closed, all producers gone, all values taken.
  bool ended() noexcept { return tracks_.ended(); }

 private:
  Tracks tracks_;
  typename Atomics::template Atomic<std::size_t> consumers_{0};
};

}  // namespace psyne::inline v0
