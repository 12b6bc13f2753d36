#pragma once

#include <psyne/pool/algorithm/pace.hpp>
#include <psyne/pool/algorithm/team.hpp>
#include <psyne/pool/scheduler/fork.hpp>

#include <algorithm>
#include <cstddef>

namespace psyne::inline v0 {

/// Calls `body(first, last)` for chunks that cover the numbers below a count, each once, by the threads of a team.
///
/// A thread goes through its numbers in order. Between two chunks, if there is nothing to take with it, it puts the
/// upper half of what is left aside (Tzannes, Caragea, Barua and Vishkin, "Lazy binary-splitting: a run-time adaptive
/// work-stealing scheduler", 2010), so forks follow thefts, not the count; and none is made before a microsecond of
/// work, nor for less than five. Chunks that are dear each lie there to be taken before the first of them is begun.
/// A thief takes the numbers only: whom he took them from has no need to wait for him.
template <class Body>
class Loop {
 public:
  /// `grain` as in ParOptions: chunks have so many numbers at least, unless there are fewer in all.
  Loop(Team& team, Body& body, std::size_t grain) noexcept
      : team_(team), body_(body), grain_(std::max<std::size_t>(grain, 1)) {}
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// By the leader. What begins where the team wants nothing any more is left out. Throws as Team::settle().
  void run(std::size_t count) {
    Pace pace(grain_, team_.few(count / grain_));
    run(count, pace);
  }

  /// The same with what is known already of how long a number takes.
  void run(std::size_t count, Pace& pace) {
    if (count != 0 && !team_.unwanted(0)) walk(0, count, pace);
    team_.settle();
  }

 private:
  struct Part final : ForkFrame {
    Part(Loop& of, std::size_t begin, std::size_t end, const Pace& known) noexcept
        : ForkFrame(&run_elsewhere), loop(of), first(begin), last(end), pace(known.elsewhere()) {}

    static void run_elsewhere(Work& self) noexcept {
      auto& part = static_cast<Part&>(self);
      Loop& loop = part.loop;
      const std::size_t first = part.first, last = part.last;
      Pace pace = part.pace;
      const Team::Taken taken(loop.team_, part.job());
      part.let_go();
      if (!loop.team_.unwanted(first)) loop.walk(first, last, pace);
    }
    using ForkFrame::take_back;

    Loop& loop;
    const std::size_t first, last;
    const Pace pace;
  };

  [[gnu::noinline]] void walk(std::size_t first, std::size_t last, Pace& pace) noexcept {
    pace.start();
    try {
      for (;;) {
        const std::size_t left = last - first;
        if (left >= 2 * grain_ && (pace.each() || (team_.nothing_to_take() && pace.worth_sharing(left))) &&
            team_.may_fork()) {
          return halve(first, last, pace);
        }
        const std::size_t count = team_.undisturbed() ? left : next_chunk(left, pace);
        body_(first, first + count);
        team_.advance(count);
        if (count == left) return;
        first += count;
        if (team_.unwanted(first)) return;
        pace.done(count, left - count);
      }
    } catch (...) {
      team_.fail(first);
    }
  }

  // Half of what is left at most, so that something is there to share should the dear ones come last.
  std::size_t next_chunk(std::size_t left, const Pace& pace) const noexcept {
    const std::size_t most = pace.worth_a_chunk(left) ? (left + 1) / 2 : left;
    const std::size_t count = std::max(std::min(pace.chunk(), most), grain_);
    return left < count + grain_ ? left : count;
  }

  [[gnu::noinline]] void halve(std::size_t first, std::size_t last, Pace& pace) noexcept {
    const std::size_t middle = first + (last - first) / 2;
    Part upper(*this, middle, last, pace);
    team_.put_aside(upper);
    walk(first, middle, pace);
    if (!upper.take_back()) return;
    team_.took_back();
    if (!team_.unwanted(middle)) walk(middle, last, pace);
  }

  Team& team_;
  Body& body_;
  const std::size_t grain_;
};

}  // namespace psyne::inline v0
