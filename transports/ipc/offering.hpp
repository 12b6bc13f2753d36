#pragma once

#include <psyne/core/service/alarm.hpp>
#include <psyne/core/service/life_line.hpp>
#include <psyne/transports/ipc/meeting/meetings.hpp>
#include <psyne/transports/ipc/place/directory.hpp>

#include <memory>
#include <string>

namespace psyne::inline v0 {

/// The side of a name that others connect to: one listening socket in the name's directory. Service thread only.
class Offering final : private Service::Watcher {
 public:
  /// `directory` and `host` outlive it. Errors: exhausted, system.
  static Result<std::unique_ptr<Offering>> start(Directory& directory, Host& host);
  ~Offering() override { listener_->unwatch(); }

 private:
  Offering(Directory& directory, Host& host, Descriptor listener);
  void ready(int descriptor, std::uint32_t events) noexcept override;
  void rest(Deadline until);
  void go_on();

  const std::string uri_;
  Host& host_;
  std::unique_ptr<LifeLine> listener_;
  std::unique_ptr<Alarm> alarm_;
  bool resting_ = false;  // comers wait in the kernel's queue
  Deadline rests_until_ = no_deadline;
  Meetings meetings_;
};

}  // namespace psyne::inline v0
