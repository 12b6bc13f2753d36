#pragma once

#include <psyne/core/channel/asynchronous/bell_watch.hpp>
#include <psyne/core/channel/asynchronous/operation_list.hpp>
#include <psyne/core/park/parker.hpp>
#include <psyne/core/park/patience.hpp>
#include <psyne/core/process/fork_epoch.hpp>
#include <psyne/core/stop/wait_or_stop.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace psyne::inline v0 {

/// Asynchronous operations of one end of a channel, and who looks after them: what receives and sends have in common.
///
///   wait, own, what    any thread
///   rung               the service thread
///
/// While operations wait, the end's lanes are lent to this queue: whoever holds its lock owns them. Everyone who comes
/// by serves all that he can. The lock is held for looking only, never for sleeping, and not while a result is told,
/// for that may run users' code.
///
/// Sleeping is for one party at a time. A thread that waits for an operation of this queue drives the lanes
/// (`driven_`): it looks, and sleeps on the bell itself, and the service thread rests. Other threads that wait
/// meanwhile sleep on their own operation, which the driver serves as well. Nobody else drives, or the driver's
/// operation has ended: then the service thread watches the bell. Whoever served wakes a driver, for he may have ended
/// the announcement on which it slept; or else sees to it that somebody announces, looks once more and has the bell
/// watched. So what an operation waits for finds somebody who looks, or somebody who is rung for.
///
/// `Own` has, all but `tell` under the lock:
///   serve(ended)         all that can be done now; what has ended goes to `ended`
///   serve_and_leave(ended)   the same, and leaves the rest to a driver or the service thread
///   waits(), waits(op)   whether anything, or that operation, still waits
///   announce(ended)      announces a sleep and looks once more; false when there is something
///   announced()          the service thread watches
///   end_all(error, ended)
///   leave_lanes()        nothing waits any more
///   tell(ended)          without the lock: results are told
template <class Own, class Operation>
class DrivenQueue : public std::enable_shared_from_this<Own>, protected BellWatch {
 public:
  /// See CompletionState::wait; the thread drives the lanes if nobody else does.
  WaitEnd wait(Operation& operation, Deadline deadline, const StopToken& stop) {
    if (forked()) operation.complete(forked_error(what_));
    if (!begin_to_drive(operation)) return operation.wait_for_others(deadline, stop);
    const auto ready = [&] {
      Ended ended;
      {
        const std::lock_guard lock(mutex_);
        self().serve(ended);
      }
      self().tell(ended);
      return operation.finished();
    };
    const auto doze = [&](auto& look, Deadline until, const Patience& patience) {
      if (look_patiently<StandardAtomics>(look, until, patience)) return;
      do {
        if (Bell* bell = to_sleep_on(operation)) bell->sleep(until);
      } while (!look() && Clock::now() < until);
    };
    const WaitEnd end =
        wait_or_stop<StandardAtomics>(ready, deadline, stop, patience_, doze, [this] { wake_driver(); });
    end_driving();
    return end;
  }

  const std::string& what() const noexcept { return what_; }

  /// Keeps everybody else from the lanes.
  std::unique_lock<std::mutex> own() { return forked() ? std::unique_lock<std::mutex>() : std::unique_lock(mutex_); }

 protected:
  using Ended = EndedOperations<Operation>;

  DrivenQueue(Service& service, Bell& bell, std::string what, const Patience& patience)
      : BellWatch(service, bell), what_(std::move(what)), patience_(patience), bell_(bell) {}

  bool forked() const noexcept { return epoch_ != fork_epoch(); }
  Bell& bell() noexcept { return bell_; }

  // Under the lock, nobody drives: the service thread is rung for what comes.
  void rest_on_service(Ended& ended) {
    while (self().waits()) {
      bell_.clear();  // before the look: what rings after it is not lost
      self().serve(ended);
      if (!self().waits() || !self().announce(ended)) continue;
      self().announced();
      if (auto watched = this->watch(); !watched) {
        self().end_all(watched.error(), ended);
        break;
      }
      return;
    }
    self().leave_lanes();
  }

  bool driven() const noexcept { return driven_.load(std::memory_order_relaxed); }

  // Nothing waits any more, so the driver is on its way out; until then it may be asleep on the bell.
  void wait_for_driver() {
    {
      const std::lock_guard lock(mutex_);
      if (driver_ == StandardAtomics::this_thread() || self().waits()) return;
      if (driven()) bell_.ring();
    }
    driver_left_.wait([this] { return !driven_.load(std::memory_order_acquire); });
  }

  const std::string what_;
  std::mutex mutex_;     // guards all below, and the lanes while lent_
  bool lent_ = false;    // the lanes are ours
  bool closed_ = false;  // the end has gone

 private:
  Own& self() noexcept { return static_cast<Own&>(*this); }

  void rung() noexcept override {
    Ended ended;
    {
      const std::lock_guard lock(mutex_);
      if (!driven()) {
        self().serve(ended);
        if (lent_) rest_on_service(ended);
      }
    }
    self().tell(ended);
  }

  bool begin_to_drive(const Operation& operation) {
    if (forked()) return false;
    const std::lock_guard lock(mutex_);
    if (!self().waits(operation) || driven()) return false;
    driver_ = StandardAtomics::this_thread();
    driven_.store(true, std::memory_order_relaxed);
    return true;
  }

  // Null when it is not to be slept now.
  Bell* to_sleep_on(const Operation& operation) {
    Ended ended;
    bool sleeps = false;
    {
      const std::lock_guard lock(mutex_);
      if (!self().waits(operation)) return nullptr;
      this->rest();
      bell_.clear();
      sleeps = self().announce(ended);
    }
    self().tell(ended);
    return sleeps ? &bell_ : nullptr;
  }

  void end_driving() {
    Ended ended;
    {
      const std::lock_guard lock(mutex_);
      driver_ = {};
      driven_.store(false, std::memory_order_release);
      self().serve_and_leave(ended);
    }
    driver_left_.wake();
    self().tell(ended);
  }

  void wake_driver() noexcept {
    const std::lock_guard lock(mutex_);
    if (!closed_) bell_.ring();
  }

  const Patience patience_;
  Bell& bell_;
  const std::uint32_t epoch_ = fork_epoch();
  std::atomic<bool> driven_{false};
  std::thread::id driver_;
  Parker<> driver_left_;  // for the end's own thread
};

}  // namespace psyne::inline v0
