#pragma once

#include <psyne/collectives/schedule/problem.hpp>
#include <psyne/core/atomics/cache_line.hpp>

#include <algorithm>
#include <cstdint>

namespace psyne::inline v0 {

/// One vector, divided among ranks: no cache line belongs to two, and no element is cut. Few bytes leave some of them
/// none.
class Parts {
 public:
  Parts(const Problem& problem, Rank parts) noexcept
      : bytes_(problem.bytes), grain_(std::max<std::uint64_t>(cache_line, problem.element_bytes)), parts_(parts) {}

  Stretch of(Rank part) const noexcept { return part_of(bytes_, part, parts_, grain_); }
  /// Neighbours, from `first` on.
  Stretch of(Rank first, Rank count) const noexcept {
    const std::uint64_t begin = of(first).offset;
    const Stretch last = of(first + count - 1);
    return {begin, last.offset + last.bytes - begin};
  }

 private:
  std::uint64_t bytes_;
  std::uint64_t grain_;
  Rank parts_;
};

/// Ranks in a circle.
constexpr Rank around(Rank rank, Rank size) noexcept { return (rank % size + size) % size; }

}  // namespace psyne::inline v0
