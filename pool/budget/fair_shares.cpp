#include <psyne/pool/budget/fair_shares.hpp>

#include <algorithm>

namespace psyne::inline v0 {

namespace {

/// How much each has that wants more than `level`, when those that do not want more have what they want.
std::uint32_t next_level(std::span<const Claim> claims, std::uint64_t total, std::uint32_t level) noexcept {
  std::uint64_t taken = 0;
  std::uint64_t wanting = 0;
  for (const Claim& claim : claims) {
    if (claim.demand > level) {
      ++wanting;
    } else {
      taken += claim.demand;
    }
  }
  if (wanting == 0 || taken >= total) return level;
  return static_cast<std::uint32_t>((total - taken) / wanting);
}

}  // namespace

void fair_shares(std::span<Claim> claims, std::uint32_t total, std::size_t turn) noexcept {
  std::uint32_t level = 0;
  for (std::uint32_t next = next_level(claims, total, level); next > level; next = next_level(claims, total, level)) {
    level = next;  // it only rises: who is served now wanted less than an equal part
  }
  std::uint64_t given = 0;
  for (Claim& claim : claims) {
    claim.share = std::min(claim.demand, std::max(level, 1U));
    given += claim.share;
  }
  for (std::size_t step = 0; step < claims.size() && given < total; ++step) {
    Claim& claim = claims[(turn + step) % claims.size()];
    if (claim.served()) continue;
    ++claim.share;
    ++given;
  }
}

}  // namespace psyne::inline v0
