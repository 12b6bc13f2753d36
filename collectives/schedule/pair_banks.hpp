#pragma once

#include <psyne/collectives/schedule/schedule.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace psyne::inline v0 {

/// A counter of signals and what it has to reach: `peer`'s signals in bank `bank`.
struct Awaited {
  Rank peer = 0;
  std::uint32_t bank = 0;
  std::uint64_t count = 0;
};

/// Where one rank is with all others: which bank is whose turn, and how many signals have gone by, over all the
/// schedules that it has run. What it says follows from the schedules alone, so both of a pair agree without a word.
/// See Schedule for why. By the thread that runs the schedules.
class PairBanks {
 public:
  explicit PairBanks(Rank size) : pairs_(static_cast<std::size_t>(size)) {}

  std::uint32_t bank(Rank peer) const noexcept { return pair(peer).bank; }
  std::uint32_t stage_bank() const noexcept { return stage_bank_; }

  /// How many signals `peer` has had in the bank whose turn it is.
  std::uint64_t told(Rank peer) const noexcept {
    const Pair& known = pair(peer);
    return known.told[known.bank];
  }
  /// One more.
  void tell(Rank peer) noexcept {
    Pair& known = pair(peer);
    ++known.told[known.bank];
  }
  /// The `count`-th signal of `peer` in this schedule.
  Awaited awaited(Rank peer, std::uint32_t count) const noexcept {
    const Pair& known = pair(peer);
    return {peer, known.bank, known.heard[known.bank] + count};
  }
  /// What has to come before the pair's bank may be put into.
  Awaited admission(Rank peer) const noexcept {
    const Pair& known = pair(peer);
    return known.free[known.bank];
  }
  /// What has to come before the stage's bank may be filled.
  const std::vector<Awaited>& stage_readers() const noexcept { return stage_readers_[stage_bank_]; }

  /// The schedule is done.
  void leave(const Schedule& schedule) {
    if (schedule.staged) stage_readers_[stage_bank_].clear();
    for (const Acquaintance& acquaintance : schedule.acquaintances) {
      Pair& known = pair(acquaintance.peer);
      const std::uint32_t bank = known.bank;
      const std::uint32_t other = bank ^ 1U;
      known.heard[bank] += acquaintance.signals_from;
      if (acquaintance.loads_mine) {
        stage_readers_[stage_bank_].push_back({acquaintance.peer, bank, known.heard[bank]});
      }
      if (!acquaintance.puts) continue;
      // Whatever the peer signals next it signals in a later schedule, having finished this one.
      known.free[bank] = acquaintance.finishes ? Awaited{acquaintance.peer, bank, known.heard[bank]}
                                               : Awaited{acquaintance.peer, other, known.heard[other] + 1};
      known.bank = other;
    }
    if (schedule.staged) stage_bank_ ^= 1U;
  }

 private:
  struct Pair {
    std::uint32_t bank = 0;
    std::array<std::uint64_t, 2> told{};
    std::array<std::uint64_t, 2> heard{};
    std::array<Awaited, 2> free{};
  };

  Pair& pair(Rank peer) noexcept { return pairs_[static_cast<std::size_t>(peer)]; }
  const Pair& pair(Rank peer) const noexcept { return pairs_[static_cast<std::size_t>(peer)]; }

  std::vector<Pair> pairs_;
  std::uint32_t stage_bank_ = 0;
  std::array<std::vector<Awaited>, 2> stage_readers_;
};

}  // namespace psyne::inline v0
