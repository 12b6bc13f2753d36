#include <psyne/core/service/alarm.hpp>
#include <psyne/transports/sim/sim_time.hpp>

#include <utility>

namespace psyne::inline v0 {

namespace {

class RealAlarm final : public SimAlarm {
 public:
  explicit RealAlarm(std::unique_ptr<Alarm> alarm) : alarm_(std::move(alarm)) {}
  Deadline now() const noexcept override { return Clock::now(); }
  void set(Deadline when) noexcept override { alarm_->set(when); }

 private:
  std::unique_ptr<Alarm> alarm_;
};

class RealTime final : public SimTime {
 public:
  Result<std::unique_ptr<SimAlarm>> make_alarm(std::function<void()> call) override {
    auto alarm = Alarm::make(std::move(call));
    if (!alarm) return alarm.error();
    return std::make_unique<RealAlarm>(std::move(*alarm));
  }
};

}  // namespace

SimTime& real_time() {
  static RealTime time;
  return time;
}

}  // namespace psyne::inline v0
