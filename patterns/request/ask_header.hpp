#pragma once

#include <psyne/core/atomics/atomics.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <string_view>

namespace psyne::inline v0 {

/// What stands in front of every query.
struct AskHeader {
  static constexpr std::string_view psyne_name = "ask/1";
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

  std::uint64_t number = 0;       ///< the asker's; the answer carries it back
  std::int64_t deadline = never;  ///< on the asker's steady clock, in ns
  std::int64_t left = never;      ///< ns from when it was sent to the deadline: for who does not share that clock

  static AskHeader until(std::uint64_t number, Deadline deadline) {
    if (deadline == no_deadline) return {.number = number};
    return {.number = number,
            .deadline = nanoseconds(deadline.time_since_epoch()),
            .left = nanoseconds(deadline - Clock::now())};
  }
  /// When nobody waits for the answer any more. Over a link that does not share memory the time that the query took,
  /// and lay in the ring, is not counted.
  Deadline ends(bool shares_clock) const {
    const std::int64_t limit = shares_clock ? deadline : left;
    if (limit == never) return no_deadline;
    if (shares_clock) return Deadline(std::chrono::nanoseconds(limit));
    const Deadline now = Clock::now();
    return std::chrono::nanoseconds(limit) > no_deadline - now ? no_deadline : now + std::chrono::nanoseconds(limit);
  }
  /// As it has just arrived: its deadline is on this clock, so that it stays where it is while the request is held.
  AskHeader arrived(bool shares_clock) const {
    AskHeader own = *this;
    if (!shares_clock) own.deadline = nanoseconds(ends(false).time_since_epoch());
    return own;
  }

 private:
  static std::int64_t nanoseconds(Clock::duration duration) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count();
  }
};

}  // namespace psyne::inline v0
