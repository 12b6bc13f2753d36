#pragma once

#include <psyne/pool/algorithm/pace.hpp>
#include <psyne/pool/algorithm/team.hpp>

#include <algorithm>
#include <cstddef>

namespace psyne::inline v0 {

/// Calls `body(first, last)` for chunks that cover the numbers below a count, each once, by the threads of a team.
///
/// A thread goes through its numbers in order. Between two chunks, if there is nothing to take with it, it puts the
/// upper half of what is left aside (Tzannes, Caragea, Barua and Vishkin, "Lazy binary-splitting: a run-time adaptive
/// work-stealing scheduler", 2010), so forks follow thefts, not the count; and none is made before a microsecond of
/// work, nor for less than five. Chunks that are dear each lie there to be taken before the first of them is begun.
template <class Body>
class Loop {
 public:
  /// `grain` as in ParOptions: chunks have so many items at least, unless there are fewer in all.
  Loop(Team& team, Body& body, std::size_t grain) noexcept
      : team_(team), body_(body), grain_(std::max<std::size_t>(grain, 1)) {}

  /// What begins where the team wants nothing any more is left out. Throws what the body throws, of several the lowest.
  void run(std::size_t count) {
    if (count == 0 || team_.unwanted(0)) return;
    Pace pace(grain_, team_.few(count / grain_));
    run(0, count, pace);
  }

 private:
  void run(std::size_t first, std::size_t last, Pace& pace) {
    for (pace.start();;) {
      const std::size_t left = last - first;
      if (left >= 2 * grain_ && (pace.each() || (team_.nothing_to_take() && pace.worth_sharing(left))) &&
          team_.may_fork()) {
        return halve(first, last, pace);
      }
      const std::size_t count = next_chunk(left, pace);
      body_(first, first + count);
      team_.advance(count);
      first += count;
      if (first == last || team_.unwanted(first)) return;
      pace.done(count);
    }
  }

  // Half of what is left at most, so that something is there to share should the dear ones come last.
  std::size_t next_chunk(std::size_t left, const Pace& pace) const noexcept {
    const std::size_t most = left > pace.chunk() / 64 ? (left + 1) / 2 : left;
    const std::size_t count = std::max(std::min(pace.chunk(), most), grain_);
    return left < count + grain_ ? left : count;
  }

  [[gnu::noinline]] void halve(std::size_t first, std::size_t last, Pace& pace) {
    const std::size_t middle = first + (last - first) / 2;
    auto upper = [this, middle, last, own = pace]() mutable {
      if (!team_.unwanted(middle)) run(middle, last, own);
    };
    team_.both([&] { run(first, middle, pace); }, upper,
               [&] {
                 if (!team_.unwanted(middle)) run(middle, last, pace);
               });
  }

  Team& team_;
  Body& body_;
  const std::size_t grain_;
};

}  // namespace psyne::inline v0
