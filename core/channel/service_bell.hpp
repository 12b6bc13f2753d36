#pragma once

#include <psyne/core/executor/work.hpp>
#include <psyne/core/service/service.hpp>
#include <psyne/core/timer/timer_heap.hpp>
#include <psyne/core/transport/bell.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>

namespace psyne::inline v0 {

/// A bell that the service thread answers: for what cannot wait until an end's own thread calls again (see
/// Link::attach_service_bell), and for what is to be looked after in a while.
class ServiceBell final : private Service::Watcher, private Work {
 public:
  /// Both run on the service thread and must not block: `answer` after every ring, once for several, `look` at the time
  /// that look_after() said. Errors: exhausted.
  static Result<std::unique_ptr<ServiceBell>> make(std::function<void()> answer, std::function<void()> look = {});
  ~ServiceBell() override;

  /// To be rung, not slept on. Any thread.
  Bell& bell() noexcept { return *bell_; }
  /// `look` comes so much later; where it is awaited already, then. Any thread.
  void look_after(std::chrono::nanoseconds pause) noexcept;

  /// From now on neither comes, and none is under way when it returns; so no lock that one takes may be held. No link
  /// rings it any more; look_after() does nothing. The destructor does it too. Once.
  void end() noexcept;

 private:
  ServiceBell(Service& service, std::unique_ptr<Bell> bell, std::function<void()> answer, std::function<void()> look);
  void ready(int descriptor, std::uint32_t events) noexcept override;
  void come() noexcept;

  Service& service_;
  std::unique_ptr<Bell> bell_;
  std::function<void()> answer_;
  std::function<void()> look_;
  Timer timer_;
  std::mutex mutex_;
  bool awaited_ = false;
  bool ended_ = false;
};

}  // namespace psyne::inline v0
