#pragma once

#include <psyne/transports/sim/sim_time.hpp>

#include <set>
#include <utility>

namespace psyne::inline v0 {

/// A time that passes only when it is told to: one thread steps from event to event, so that a run is the same each
/// time, and an hour of cuts takes no longer than its packets do. Outlives its alarms; one thread.
class VirtualTime final : public SimTime {
 public:
  Deadline now() const noexcept { return now_; }
  /// Goes on to the next event and lets it happen; false where none is left, so that whoever still waits is stuck.
  bool step();
  Result<std::unique_ptr<SimAlarm>> make_alarm(std::function<void()> call) override;

 private:
  class VirtualAlarm;
  using Event = std::pair<Deadline, std::uint64_t>;  // when, and the alarm's number: the order is no address's

  Deadline now_{std::chrono::seconds(1)};
  std::uint64_t alarms_ = 0;
  std::set<std::pair<Event, VirtualAlarm*>> events_;
};

}  // namespace psyne::inline v0
