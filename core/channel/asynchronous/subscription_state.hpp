#pragma once

#include <psyne/core/channel/asynchronous/bell_watch.hpp>
#include <psyne/core/channel/wait.hpp>
#include <psyne/core/completion/result_state.hpp>
#include <psyne/core/executor/executor.hpp>
#include <psyne/core/park/event_count.hpp>
#include <psyne/core/process/fork_epoch.hpp>
#include <psyne/core/stop/stop_source.hpp>

#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace psyne::inline v0 {

/// See Receiver::on_message.
struct SubscriptionOptions {
  /// Where the callback runs; it must outlive the subscription. None: a thread of the subscription's own, which waits
  /// for messages itself, so that none of them takes a hop over the service thread.
  Executor* executor = nullptr;
  /// Told, where and in the order in which messages are, of a sender that died, wrote nonsense or was refused; the
  /// others go on.
  std::function<void(const Error&)> on_error{};
};

/// The part of a subscription that does not depend on the message's type: who hands over, when, and the end.
///
///   start          once, by who made it
///   stop           any thread, also from within the callback
///   run            the executor, or the thread of its own
///   rung           the service thread
///
/// The lanes are lent to it and belong to the turn that is under way: one at a time, on the executor or the thread. A
/// turn hands over what is there, 64 messages at most before others on the executor have theirs; when nothing is left
/// it announces, looks once more, and has the service thread watch the bell, which posts the next turn. So order is
/// kept, one callback runs at a time, and while it runs messages wait in their rings, where their senders feel it.
class SubscriptionState : public ResultState<void>, private BellWatch, private Work {
 public:
  ~SubscriptionState() override;

  std::string what() const override { return what_; }

  /// Errors: exhausted.
  Result<void> start();
  /// See Subscription::stop.
  void stop() noexcept;
  /// The receiver and its lanes go: stops, and touches them no more.
  void receiver_goes() noexcept;

 protected:
  SubscriptionState(Service& service, const Bell& bell, SubscriptionOptions options, std::string what);

  /// Hands over the next message: true; waits for it while `wait` allows, if it does. False: there is none now. An
  /// error: what receive() says. Throws what the callback throws, and after it touches nothing of the receiver.
  virtual Result<bool> hand_over(const Wait* wait) = 0;
  /// Whether nothing follows that error, of those that hand_over() gives: all senders have closed.
  virtual bool is_last(const Error& error) const = 0;
  /// Announces a sleep and looks once more; false when there is something.
  virtual bool announce() = 0;
  /// The end of an announced sleep.
  virtual void awake() noexcept = 0;
  /// The lanes are the receiver's again.
  virtual void give_back() noexcept = 0;

 private:
  enum class Turn : std::uint8_t { more, idle, over };

  void cancel_requested(StopReason reason, std::string text) override;
  void rung() noexcept override;
  void post() noexcept;
  void run_turn() noexcept;
  void run_thread() noexcept;
  bool begin_turn() noexcept;
  Turn step(const Wait* wait) noexcept;
  Turn told(const Error& error);
  void end_turn(Turn how) noexcept;
  void end() noexcept;

  const SubscriptionOptions options_;
  const std::string what_;
  const std::uint32_t epoch_ = fork_epoch();
  StopSource source_;

  std::mutex mutex_;           // guards all below; never held while the callback, the executor or the lanes are used
  std::thread::id turn_of_{};  // who hands over, or ends it, now
  bool posted_ = false;        // a turn waits on the executor
  bool stopping_ = false;
  bool gone_ = false;  // the receiver
  bool over_ = false;
  std::thread thread_;

  EventCount<> is_over_;
  Result<void> last_;  // how it ended; of whose turn it is
  std::exception_ptr thrown_;
};

}  // namespace psyne::inline v0
