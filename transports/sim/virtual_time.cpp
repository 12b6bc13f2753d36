#include <psyne/transports/sim/virtual_time.hpp>

#include <algorithm>

namespace psyne::inline v0 {

class VirtualTime::VirtualAlarm final : public SimAlarm {
 public:
  VirtualAlarm(VirtualTime& time, std::function<void()> call)
      : time_(time), number_(++time.alarms_), call_(std::move(call)) {}
  ~VirtualAlarm() override { VirtualAlarm::set(no_deadline); }

  Deadline now() const noexcept override { return time_.now_; }
  void set(Deadline when) noexcept override {
    if (when_ != no_deadline) time_.events_.erase({{when_, number_}, this});
    when_ = when;
    if (when_ != no_deadline) time_.events_.insert({{when_, number_}, this});
  }
  void call() {
    set(no_deadline);
    call_();
  }

 private:
  VirtualTime& time_;
  std::uint64_t number_;
  std::function<void()> call_;
  Deadline when_ = no_deadline;
};

bool VirtualTime::step() {
  if (events_.empty()) return false;
  const auto [event, alarm] = *events_.begin();
  now_ = std::max(now_, event.first);
  alarm->call();
  return true;
}

Result<std::unique_ptr<SimAlarm>> VirtualTime::make_alarm(std::function<void()> call) {
  return std::make_unique<VirtualAlarm>(*this, std::move(call));
}

}  // namespace psyne::inline v0
