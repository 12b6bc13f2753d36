#pragma once

#include <psyne/collectives/schedule/step.hpp>

#include <cstdint>
#include <vector>

namespace psyne::inline v0 {

/// What one schedule has a rank and one other tell each other. Both know it alike.
struct Acquaintance {
  Rank peer = 0;
  std::uint32_t signals_to = 0;
  std::uint32_t signals_from = 0;
  bool puts = false;  ///< either puts into a slot or mail of the other: the pair's bank changes afterwards
  bool finishes =
      false;  ///< the last signal from the peer says that it has finished, and this schedule waits for none of its
  bool loads_mine = false;  ///< the peer loads this rank's stage; the last signal from it says that it has done so
};

/// What one rank does for one collective operation, or for one piece of a long one: steps that it takes in their order.
/// Every rank of the communicator has one, made by the same pure function, and so they fit.
///
/// **Slots, mail and their banks.** A pair's k-th schedule with puts uses bank k % 2 of the slots and mail that the two
/// have at each other. A rank puts into a bank again when the other has finished the schedule before the last. It knows
/// that for nothing mostly: each has had a signal from the other in the last schedule, which that one gave after it had
/// finished the one before. Where the other would have no reason to signal it says at its end that it has finished
/// (`finishes`), and that is waited for only by the next but one. So a barrier or an exchange of 8 bytes pays nothing,
/// and the root of broadcasts runs two ahead of its leaves.
///
/// **The stage** is one memory of each rank for all others, so there is no such exchange between any two: whoever loads
/// it says when he has done so, in each schedule.
///
/// **The program's memory** is read and written by other ranks only between a signal and a wait of the same schedule.
struct Schedule {
  std::vector<Step> steps;
  std::vector<Place> sources;               ///< of the folds
  std::vector<Acquaintance> acquaintances;  ///< in the order of their ranks
  std::uint64_t slot_bytes = 0;             ///< of the fullest slot that this rank fills or has filled
  std::uint64_t stage_bytes = 0;            ///< of its own stage
  std::uint64_t workspace_bytes = 0;
  bool staged = false;  ///< some rank's stage is used: the banks of all stages change afterwards
};

}  // namespace psyne::inline v0
