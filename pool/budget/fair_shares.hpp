#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace psyne::inline v0 {

/// What somebody wants of something that is shared, and what he gets.
struct Claim {
  std::uint32_t demand = 0;
  std::uint32_t share = 0;

  bool served() const noexcept { return share == demand; }
};

/// Shares `total` out by water filling, which is max-min fairness (Bertsekas and Gallager, "Data Networks", 1992,
/// 6.5.2): who wants less than an equal part has it all, the others divide what is left by equal parts. What does not
/// divide goes to them by ones, from the one at `turn` on, counted round; another each time is fair over time.
///
/// Who wants anything gets one at least, even where that is more than there is. O(n) for each height at which somebody
/// is served, O(n) in all where nobody or everybody is. Pure.
void fair_shares(std::span<Claim> claims, std::uint32_t total, std::size_t turn = 0) noexcept;

}  // namespace psyne::inline v0
