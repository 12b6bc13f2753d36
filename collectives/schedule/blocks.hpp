#pragma once

#include <psyne/collectives/schedule/place.hpp>

#include <algorithm>
#include <cstdint>
#include <span>

namespace psyne::inline v0 {

/// A stretch of bytes.
struct Stretch {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

/// Where the blocks of all ranks lie in one buffer: all equally long at equal distances, or each as it is said.
class Blocks {
 public:
  constexpr Blocks() noexcept = default;
  /// Blocks of `bytes`, each `distance` behind the one before.
  constexpr Blocks(std::uint64_t bytes, std::uint64_t distance) noexcept : bytes_(bytes), distance_(distance) {}
  /// One for each rank; what is pointed to has to outlive this.
  constexpr explicit Blocks(std::span<const Stretch> each) noexcept : each_(each) {}

  constexpr Stretch of(Rank rank) const noexcept {
    const auto index = static_cast<std::size_t>(rank);
    return each_.empty() ? Stretch{index * distance_, bytes_} : each_[index];
  }

 private:
  std::uint64_t bytes_ = 0;
  std::uint64_t distance_ = 0;
  std::span<const Stretch> each_;
};

/// The `part`-th of `parts` nearly equal parts of `bytes`, each but the last a number of whole `grain`s: so that no two
/// ranks write into one cache line, and no element is cut.
constexpr Stretch part_of(std::uint64_t bytes, Rank part, Rank parts, std::uint64_t grain) noexcept {
  const std::uint64_t grains = (bytes + grain - 1) / grain;
  const auto many = static_cast<std::uint64_t>(parts);
  const auto edge = [&](std::uint64_t index) {
    return std::min(bytes, (grains / many * index + std::min(index, grains % many)) * grain);
  };
  const std::uint64_t begin = edge(static_cast<std::uint64_t>(part));
  return {begin, edge(static_cast<std::uint64_t>(part) + 1) - begin};
}

}  // namespace psyne::inline v0
