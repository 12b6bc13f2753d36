#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/copy/copy.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>

namespace psyne::inline v0 {

/// How the large copies of one writer store: whichever way its ring turns by quicker. No property of the machine tells
/// beforehand: it depends on how far apart the two cores are (which changes when either is moved), on the processor,
/// and on what the reader does with the bytes; but the writer's own pace shows all of it, because a slow reader holds
/// it up.
///
/// Works in laps of the ring. One way is kept; now and then the other one is tried, for a lap in which the caches
/// settle and three that are timed. The quickest of three laps is compared, because all that disturbs makes laps
/// longer. Each trial that is lost doubles the laps until the next, up to 256; a pace that changes by half brings it
/// forward. A writer that copies for less than an eighth of its time, and never finds its ring full, is not measured by
/// how often it sends: it uses ordinary stores.
///
/// One thread. A few instructions for each copy; two readings of the clock for each long one and one in eight of the
/// others.
class CopyChoice {
 public:
  static constexpr std::uint64_t shortest_lap = 512 * 1024;
  static constexpr std::uint64_t long_copy = 16 * 1024;

  explicit CopyChoice(std::uint64_t ring_capacity) noexcept : lap_(std::max(ring_capacity, shortest_lap)) {}

  Stores stores() const noexcept { return stores_; }

  /// Whether this copy is to be timed, and told by copied().
  bool timed(std::uint64_t bytes) noexcept {
    if (bytes >= long_copy) return true;
    return bytes >= large_copy && ++short_copies_ % one_in == 0;
  }

  /// There was no room: the pace is the reader's.
  void held_up() noexcept { held_up_ = true; }

  /// A timed copy has ended: `position` is where the ring stands, `took` how long it lasted.
  void copied(std::uint64_t bytes, std::uint64_t position, Clock::duration took, Clock::time_point now) noexcept {
    copying_ += bytes >= long_copy ? took : took * one_in;
    if (position - lap_position_ < lap_) return;
    const std::chrono::duration<double> elapsed = now - lap_began_;
    const double pace = elapsed.count() / static_cast<double>(position - lap_position_);
    const bool telling = held_up_ || copying_ * quiet_share >= now - lap_began_;
    lap_position_ = position;
    lap_began_ = now;
    copying_ = {};
    held_up_ = false;
    if (!telling) return use(Stores::cached, false);
    if (laps_++ == 0) return;  // the caches settle
    paces_[laps_ % paces_.size()] = pace;
    if (trying_ && pace > hopeless * kept_pace_) return lose();
    if (laps_ > paces_.size()) trying_ ? judge() : keep();
  }

 private:
  static constexpr std::uint32_t one_in = 8;
  static constexpr int quiet_share = 8;
  static constexpr std::uint32_t first_patience = 4;
  static constexpr std::uint32_t longest_patience = 256;
  static constexpr double better = 0.9;   // less is noise
  static constexpr double hopeless = 2;   // one lap is enough
  static constexpr double changed = 1.5;  // the cores were moved, or the reader does something else

  Stores other() const noexcept { return stores_ == Stores::cached ? Stores::streamed : Stores::cached; }
  double pace() const noexcept { return *std::ranges::min_element(paces_); }

  void keep() noexcept {
    if (pace() > changed * kept_pace_ || pace() * changed < kept_pace_) patience_ = first_patience;
    if (laps_ <= patience_) return;
    kept_pace_ = pace();
    use(other(), true);
  }
  void judge() noexcept {
    if (pace() < better * kept_pace_) {
      kept_pace_ = pace();
      patience_ = first_patience;
      use(stores_, false);
    } else {
      lose();
    }
  }
  void lose() noexcept {
    patience_ = std::min(2 * patience_, longest_patience);
    use(other(), false);
  }
  void use(Stores stores, bool trying) noexcept {
    stores_ = stores;
    trying_ = trying;
    laps_ = 0;
  }

  const std::uint64_t lap_;
  Stores stores_ = Stores::cached;
  bool trying_ = false;
  bool held_up_ = false;
  std::uint32_t laps_ = 0;         // since these stores are used
  std::array<double, 3> paces_{};  // seconds a byte, in the last laps
  double kept_pace_ = 0;           // of the way that is kept, before the last trial
  std::uint32_t patience_ = first_patience;
  std::uint32_t short_copies_ = 0;
  std::uint64_t lap_position_ = 0;
  Clock::time_point lap_began_{};
  Clock::duration copying_{};
};

}  // namespace psyne::inline v0
