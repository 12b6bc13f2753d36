#pragma once

#include <psyne/collectives/schedule/place.hpp>
#include <psyne/core/channel/wait.hpp>
#include <psyne/core/result/result.hpp>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace psyne::inline v0 {

/// How a communicator is opened. All ranks give the same but for `rank` and `transports`.
struct CommunicatorOptions {
  /// With size 0 the ranks are those of the job that this process belongs to (see JobRank: torchrun, mpirun, srun,
  /// psyne run, or one rank alone), who find each other by its store; `rank`, `job` and `exchange` are not looked at.
  Rank rank = 0;
  Rank size = 0;
  /// Tells the meeting places of jobs on one machine apart: letters, digits, - and _.
  std::string job = "job";
  /// What proves over tcp that a rank belongs to the job; empty: PSYNE_TOKEN.
  std::string token{};
  /// Those that this rank allows: memory, ipc, tcp. A pair of ranks takes the quickest that both allow.
  std::vector<std::string> transports = {"memory", "ipc", "tcp"};
  /// Gives a text of this rank to all, and theirs in the order of the ranks; how ranks find each other.
  std::function<Result<std::vector<std::string>>(const std::string& mine, const Wait& wait)> exchange{};
  std::chrono::nanoseconds open_within = std::chrono::seconds(60);
  /// How long an operation may take that is given no time of its own.
  std::chrono::nanoseconds patience = std::chrono::minutes(5);
  /// Only algorithms that fold in the order of the ranks, by one step each: bits that depend on neither algorithm,
  /// transport nor size of the pieces.
  bool deterministic = false;
  /// Bytes that one rank may have on their way to one other, twice; and of the memory from which all others load,
  /// twice. 0: what default_slot_bytes() says. A pair's slots are best just larger than a second-level cache: lines
  /// come faster out of a shared cache than out of another core's (1 MiB between 2 ranks: 84 us by slots of 1 MiB, 172
  /// by 128 KiB).
  std::uint64_t slot_bytes = 0;
  std::uint64_t stage_bytes = 0;
};

/// 1 MiB for up to 4 ranks, and less for more, so that a rank's window has about 10 MiB; at least 4 KiB.
constexpr std::uint64_t default_slot_bytes(Rank size) noexcept {
  const std::uint64_t share = std::uint64_t{4} * 1024 * 1024 / static_cast<std::uint64_t>(size);
  return std::clamp<std::uint64_t>(std::bit_floor(share), 4096, 1024 * 1024);
}

}  // namespace psyne::inline v0
