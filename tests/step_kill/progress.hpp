#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace step_kill {

/// What a victim tells of itself, in memory that outlives it, and what it is told.
struct Progress {
  std::atomic<std::uint64_t> kill_at{0};  ///< the step at which it dies; it ends by itself when it makes fewer
  std::array<char, 256> kill_where{};     ///< or where it dies first, file:line
  std::atomic<std::uint64_t> steps{0};    ///< made so far
  std::array<char, 256> file{};           ///< where it died
  std::atomic<std::uint32_t> line{0};

  std::atomic<bool> met{false};      ///< told by the survivor: it has the victim's link
  std::atomic<bool> closing{false};  ///< the victim goes by itself
  /// Of messages sent: how many the sender began to publish, and how many are published.
  std::atomic<std::uint64_t> begun{0}, done{0};
  /// Of messages received: how many it may have been given, and how many it was; how many, from the first on, it may
  /// have given back, and how many it has.
  std::atomic<std::uint64_t> taking{0}, taken{0}, releasing{0}, released{0};
  std::atomic<bool> present{false};  ///< it can be met
};

/// Maps the page behind `descriptor`. It stays.
Progress& progress_in(int descriptor);

/// From now on this process is the victim whose page that is: step() counts, and kills.
void become_victim(Progress& progress);

}  // namespace step_kill
