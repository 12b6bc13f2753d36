#pragma once

#include <psyne/collectives/schedule/place.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace psyne::inline v0 {

/// What one rank knows of how far each has come (Mattern, "Virtual Time and Global States of Distributed Systems",
/// 1989).
class VectorClock {
 public:
  explicit VectorClock(Rank size) : times_(static_cast<std::size_t>(size)) {}

  std::uint32_t of(Rank rank) const noexcept { return times_[static_cast<std::size_t>(rank)]; }
  void tick(Rank rank) noexcept { ++times_[static_cast<std::size_t>(rank)]; }
  void join(const VectorClock& other) noexcept {
    for (std::size_t rank = 0; rank < times_.size(); ++rank) times_[rank] = std::max(times_[rank], other.times_[rank]);
  }

 private:
  std::vector<std::uint32_t> times_;
};

}  // namespace psyne::inline v0
