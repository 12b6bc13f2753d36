#pragma once

#include <psyne/collectives/schedule/place.hpp>

#include <cstdint>

namespace psyne::inline v0 {

/// What an element is made of, in place of a number: which ranks' which elements, and in which order they were folded.
/// Two symbols are made of the same contributions when their sums are equal, but for a chance of 2^-64.
struct Symbol {
  std::uint64_t sum = 0;    ///< of a hash of each contribution
  std::uint32_t count = 0;  ///< how many contributions; 0: nobody has written anything here
  Rank first = 0;           ///< the lowest rank of the contributions, and the highest
  Rank last = 0;
  bool ordered = true;  ///< what was folded stood in the order of the ranks, and none was left out in between
  bool flat = true;     ///< all contributions were folded by one step

  /// What rank `rank` gives as its element `element` to the operation numbered `operation`.
  static constexpr Symbol of(std::uint32_t operation, Rank rank, std::uint64_t element) noexcept {
    // Finalizer of SplitMix64 (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", 2014).
    std::uint64_t hash = (element + 1) * 0x9e3779b97f4a7c15U + (static_cast<std::uint64_t>(rank) << 40U) + operation;
    hash = (hash ^ (hash >> 30U)) * 0xbf58476d1ce4e5b9U;
    hash = (hash ^ (hash >> 27U)) * 0x94d049bb133111ebU;
    return {hash ^ (hash >> 31U), 1, rank, rank, true, true};
  }

  /// One more is folded in, behind what is here already.
  constexpr void fold(const Symbol& next) noexcept {
    if (count == 0) {
      *this = next;
      flat = next.count == 1;
      return;
    }
    ordered = ordered && next.ordered && next.first == last + 1;
    flat = flat && next.count == 1;
    first = next.first < first ? next.first : first;
    last = next.last > last ? next.last : last;
    sum += next.sum;
    count += next.count;
  }

  constexpr bool same_contributions(const Symbol& other) const noexcept {
    return sum == other.sum && count == other.count;
  }
};

}  // namespace psyne::inline v0
