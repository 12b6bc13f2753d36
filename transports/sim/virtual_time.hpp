#pragma once

#include <psyne/transports/sim/sim_time.hpp>

#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

namespace psyne::inline v0 {

/// A time that passes only when it is told to, from event to event, so that an hour of cuts takes no longer than its
/// packets do, and a run that one thread drives is the same each time. Outlives its alarms.
///
///   step          one thread at a time
///   all others    any thread
class VirtualTime final : public SimTime {
 public:
  Deadline now() const noexcept;
  /// Goes on to the next event and lets it happen; false where none is left, so that whoever still waits is stuck.
  bool step();
  Result<std::unique_ptr<SimAlarm>> make_alarm(std::function<void()> call) override;

 private:
  class VirtualAlarm;
  using Event = std::pair<Deadline, std::uint64_t>;  // when, and the alarm's number: the order is no address's

  mutable std::mutex mutex_;
  std::condition_variable called_;
  Deadline now_{std::chrono::seconds(1)};
  std::uint64_t alarms_ = 0;
  std::set<std::pair<Event, VirtualAlarm*>> events_;
  const VirtualAlarm* calling_ = nullptr;
  std::thread::id stepping_;
};

}  // namespace psyne::inline v0
