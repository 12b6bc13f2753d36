#pragma once

#include <psyne/core/atomics/atomics.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace psyne::inline v0 {

/// How one thread goes through a row of items: how many at once, so that it looks at the clock and at what others want
/// every few microseconds, and whether what is left is worth another thread's coming. A value; one thread at a time.
///
/// Begins with one item and has sixteen times as many next as long as they are done soon, so that 1,000 tiny items are
/// through after four looks at the clock (24 ns each) and before anybody is called; an item that takes longer than all
/// that is worth a fork of its own. Once a chunk takes as long as it should, the clock is read after every second,
/// while there is so much left that two chunks of dearer items do not matter.
class Pace {
 public:
  /// `least`: how many at once at least. `each`: presume that such a chunk is worth a fork of its own.
  Pace(std::size_t least, bool each) noexcept : least_(least), chunk_(least), each_(each) {}

  std::size_t chunk() const noexcept { return chunk_; }

  /// Whether a part of this many items may be halved: all are so dear that whatever can be taken should lie there.
  bool each() const noexcept { return each_; }

  /// Whether to give half of `left` items to a thread that would have to be called.
  bool worth_sharing(std::size_t left) const noexcept {
    return spent_ >= first_share && static_cast<double>(left) * per_item_ >= least_share;
  }

  /// Whether so many items are worth a chunk of their own, by what is known: longer than a look at the clock.
  bool worth_a_chunk(std::size_t items) const noexcept { return static_cast<double>(items) * per_item_ >= least_chunk; }

  /// For a part that begins elsewhere in the row, where items may be dearer: what was cheap here is presumed until they
  /// are known, but for a sixteenth of the chunk.
  Pace elsewhere() const noexcept {
    Pace other = *this;
    other.chunk_ = std::max(least_, chunk_ / growth);
    other.chunks_per_look_ = 1;
    return other;
  }

  /// Other items come, which may take another time.
  void begin_anew() noexcept {
    chunk_ = least_;
    chunks_per_look_ = 1;
    spent_ = Clock::duration(0);
  }

  /// Now, or again after something else was done.
  void start() noexcept {
    since_ = StandardAtomics::now();
    items_ = chunks_ = 0;
  }

  /// A chunk of `count` items was done since start() or the last call; so many are left.
  void done(std::size_t count, std::size_t left) noexcept {
    items_ += count;
    if (++chunks_ < chunks_per_look_ && left / growth >= chunk_) return;
    look(count);
  }

 private:
  void look(std::size_t count) noexcept {
    const Clock::time_point now = StandardAtomics::now();
    const Clock::duration taken = now - since_;
    since_ = now;
    spent_ += taken;
    per_item_ = std::chrono::duration<double, std::nano>(taken).count() / static_cast<double>(items_);
    const Clock::duration per_chunk = taken / static_cast<Clock::rep>(chunks_);
    chunks_per_look_ = 1;
    if (per_chunk < aim / 2) {
      each_ = false;
      chunk_ = std::max(chunk_, std::min(fitting(spent_ < first_share ? first_share : aim), count * growth));
    } else if (per_chunk > 2 * aim) {
      each_ = count <= least_;
      chunk_ = std::max(least_, fitting(aim));
    } else {
      chunks_per_look_ = 2;
    }
    items_ = chunks_ = 0;
  }

  static constexpr Clock::duration aim = std::chrono::microseconds(8);
  static constexpr Clock::duration first_share = std::chrono::microseconds(1);
  static constexpr double least_share = 5000;  // nanoseconds; a sleeping thread is there after as long
  static constexpr double least_chunk = 50;    // nanoseconds
  static constexpr std::size_t growth = 16;

  std::size_t fitting(Clock::duration time) const noexcept {
    constexpr double most = 1U << 30U;
    const double count = std::chrono::duration<double, std::nano>(time).count() / std::max(per_item_, 1e-6);
    return static_cast<std::size_t>(std::min(count, most));
  }

  std::size_t least_;
  std::size_t chunk_;
  std::size_t chunks_per_look_ = 1;
  std::size_t items_ = 0;  // since the last look at the clock
  std::size_t chunks_ = 0;
  bool each_;
  double per_item_ = 0;
  Clock::duration spent_{0};
  Clock::time_point since_;
};

}  // namespace psyne::inline v0
