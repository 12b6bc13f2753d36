#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace psyne::explorer {

inline constexpr std::size_t max_threads = 8;
inline constexpr std::size_t max_locations = 255;  // an atomic of one byte holds its number

/// What a thread, or a store that releases, knows of the others.
///   clock   per thread: how far of its plain accesses happened before
///   seen    per atomic: the time of the oldest store that may still be read (coherence)
/// Synchronisation brings both, a barrier only the second.
class View {
 public:
  std::array<std::uint32_t, max_threads> clock;

  void clear() noexcept {
    clock.fill(0);
    locations_ = 0;
  }
  std::uint32_t seen(std::size_t location) const noexcept { return location < locations_ ? seen_[location] : 0; }
  void saw(std::size_t location, std::uint32_t time) noexcept {
    extend(location + 1);
    seen_[location] = std::max(seen_[location], time);
  }
  void copy(const View& other) noexcept {
    clock = other.clock;
    locations_ = other.locations_;
    std::copy_n(other.seen_.begin(), locations_, seen_.begin());
  }
  void see(const View& other) noexcept {
    extend(other.locations_);
    for (std::size_t at = 0; at < other.locations_; ++at) seen_[at] = std::max(seen_[at], other.seen_[at]);
  }
  void acquire(const View& other) noexcept {
    for (std::size_t at = 0; at < max_threads; ++at) clock[at] = std::max(clock[at], other.clock[at]);
    see(other);
  }

 private:
  void extend(std::size_t locations) noexcept {
    while (locations_ < locations) seen_[locations_++] = 0;
  }

  std::size_t locations_;  // how many of seen_ are valid; the rest stands for 0
  std::array<std::uint32_t, max_locations + 1> seen_;
};

}  // namespace psyne::explorer
