#include <psyne/transports/sim/virtual_time.hpp>

#include <algorithm>

namespace psyne::inline v0 {

class VirtualTime::VirtualAlarm final : public SimAlarm {
 public:
  VirtualAlarm(VirtualTime& time, std::uint64_t number, std::function<void()> call)
      : time_(time), number_(number), call_(std::move(call)) {}
  ~VirtualAlarm() override {
    std::unique_lock lock(time_.mutex_);
    const bool called_from_here = time_.stepping_ == std::this_thread::get_id();
    time_.called_.wait(lock, [&] { return called_from_here || time_.calling_ != this; });
    move(no_deadline);  // after the wait: a call sets it again
  }

  Deadline now() const noexcept override { return time_.now(); }
  void set(Deadline when) noexcept override {
    const std::lock_guard lock(time_.mutex_);
    move(when);
  }
  /// Under the time's lock.
  void move(Deadline when) {
    if (when_ != no_deadline) time_.events_.erase({{when_, number_}, this});
    when_ = when;
    if (when_ != no_deadline) time_.events_.insert({{when_, number_}, this});
  }
  void call() const { call_(); }

 private:
  VirtualTime& time_;
  const std::uint64_t number_;
  const std::function<void()> call_;
  Deadline when_ = no_deadline;
};

Deadline VirtualTime::now() const noexcept {
  const std::lock_guard lock(mutex_);
  return now_;
}

bool VirtualTime::step() {
  VirtualAlarm* alarm = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (events_.empty()) return false;
    alarm = events_.begin()->second;
    now_ = std::max(now_, events_.begin()->first.first);
    alarm->move(no_deadline);
    calling_ = alarm;
    stepping_ = std::this_thread::get_id();
  }
  alarm->call();  // takes the wire's lock, under which others set alarms: not under ours
  const std::lock_guard lock(mutex_);
  calling_ = nullptr;
  stepping_ = {};
  called_.notify_all();
  return true;
}

Result<std::unique_ptr<SimAlarm>> VirtualTime::make_alarm(std::function<void()> call) {
  const std::lock_guard lock(mutex_);
  return std::make_unique<VirtualAlarm>(*this, ++alarms_, std::move(call));
}

}  // namespace psyne::inline v0
