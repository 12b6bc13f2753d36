#pragma once

#include <psyne/core/channel/channel_metrics.hpp>
#include <psyne/core/channel/channel_options.hpp>
#include <psyne/core/channel/goodbyes.hpp>
#include <psyne/core/channel/incoming_lane.hpp>
#include <psyne/core/channel/service_bell.hpp>
#include <psyne/core/channel/wait.hpp>
#include <psyne/core/process/fork_epoch.hpp>
#include <psyne/core/stop/stop_callback.hpp>
#include <psyne/core/transport/bell.hpp>
#include <psyne/core/transport/transport.hpp>

#include <atomic>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace psyne::inline v0 {

/// What ReceiverOptions, configuration and query come to for one end.
struct ReceiverSettings {
  Delivery delivery = Delivery::single;
  Patience patience{};
  EndId id;
  std::chrono::nanoseconds linger{0};  ///< not mapped: how long the last credit may wait for room, or for a connection
  ReceiverOptions given;
};

using MakeLane = IncomingLane* (*)(IncomingLane::Parts parts);

template <class Records>
IncomingLane* make_lane(IncomingLane::Parts parts) {
  return new TypedLane<Records>(std::move(parts));
}

/// The part of a Receiver that does not depend on its message type: presence, arriving senders, sleeping.
/// Senders come on the service thread; the receiving thread takes them in at its next look for arrivals.
class ReceiverEnd final : public Host {
 public:
  static Result<std::unique_ptr<ReceiverEnd>> open(std::string_view uri, const ReceiverOptions& options, LaneType type,
                                                   MakeLane make_lane);
  ~ReceiverEnd() override;

  const ReceiverSettings& settings() const noexcept { return settings_; }
  const std::string& uri() const noexcept { return uri_; }
  /// For the owner of the lanes.
  ChannelMetrics& metrics() noexcept { return metrics_; }
  void count(std::uint64_t messages, std::uint64_t bytes) noexcept { metrics_.add_messages(messages, bytes); }
  Bell& bell() noexcept { return *bell_; }

  /// Whether take_arrivals() has something. Any thread; one load.
  bool arrivals() const noexcept { return arrivals_.load(std::memory_order_acquire); }
  /// Whether a sender is on its way in: it has been answered, so it may send already. The bell rings when it has come,
  /// or will not.
  bool expects() const;
  /// Lanes that came since, to be owned by the caller, and refusals that were met.
  std::vector<IncomingLane*> take_arrivals();
  std::optional<Error> take_refusal();

  /// This is a child of the process that opened it.
  bool forked() const noexcept { return epoch_ != fork_epoch(); }

  /// No sender is answered any more, for this end is about to leave; those that it has may come back.
  void refuse() noexcept { leaving_.store(true, std::memory_order_relaxed); }
  /// No sender comes any more, and the service thread no longer works on the lanes of those that came.
  void leave();
  /// This lane's reader stops. Over a link that does not map, the sender is told what was taken, so that no successor
  /// gets it again; waits for room for that, until then at most, and no longer for it to be heard.
  void part_from(IncomingLane& lane, std::uint64_t taken, Deadline until);
  /// Waits until the senders that were parted from have heard it, until then at most. The service thread sees to it
  /// that they do: where a connection breaks, by the next one, as long as this end is present.
  void await_goodbyes(Deadline until);

  /// For the log: that lane's sender is no more; `why`: it did not just close.
  void parted(const IncomingLane& lane, const std::optional<Error>& why) const;

  Error error(Code code) const { return Error(code, "cannot receive from " + uri_); }

  Result<Greeting> offer(Link& link) override;
  Result<void> admit(std::unique_ptr<Link>& link, Greeting answer) override;
  Result<Greeting> answer(Link& link, Greeting offer) override;
  void welcome(std::unique_ptr<Link> link) override;
  void missed(const Link* link, const Error& error) override;

 private:
  struct Deleter {
    void operator()(IncomingLane* lane) const { delete lane; }
  };
  using OwnedLane = std::unique_ptr<IncomingLane, Deleter>;

  ReceiverEnd(std::string uri, Transport& transport, ReceiverSettings settings, LaneType type, MakeLane make_lane);
  Result<void> fits(const LaneOffer& offer) const;
  Result<void> connect(OwnedLane lane, std::unique_ptr<Link> link);
  void settle_wired();
  void settle_goodbyes();

  const std::string uri_;
  Transport& transport_;
  const ReceiverSettings settings_;
  const LaneType type_;
  const MakeLane make_lane_;
  std::unique_ptr<Bell> bell_;
  const std::uint32_t epoch_ = fork_epoch();
  ChannelMetrics metrics_;  // of the owner of the lanes; `resumed`: of the service thread

  std::atomic<bool> arrivals_{false};
  std::atomic<bool> leaving_{false};
  mutable std::mutex mutex_;
  std::map<const Link*, OwnedLane> answered_;
  std::vector<OwnedLane> arrived_;
  std::vector<IncomingLane*> wired_;  // those that do not map, until part_from()
  std::deque<Error> refusals_;
  Goodbyes goodbyes_;

  std::unique_ptr<ServiceBell> service_bell_;  // where the transport does not map
  std::unique_ptr<Presence> presence_;
};

}  // namespace psyne::inline v0
