#pragma once

#include <psyne/core/channel/channel_metrics.hpp>
#include <psyne/core/channel/channel_options.hpp>
#include <psyne/core/channel/compression_settings.hpp>
#include <psyne/core/channel/gate.hpp>
#include <psyne/core/channel/gathering.hpp>
#include <psyne/core/channel/lane_offer.hpp>
#include <psyne/core/channel/outlets.hpp>
#include <psyne/core/channel/reader_peer.hpp>
#include <psyne/core/channel/service_bell.hpp>
#include <psyne/core/channel/wait.hpp>
#include <psyne/core/park/patience.hpp>
#include <psyne/core/process/fork_epoch.hpp>
#include <psyne/core/stop/stop_callback.hpp>
#include <psyne/core/transport/bell.hpp>
#include <psyne/core/transport/transport.hpp>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace psyne::inline v0 {

/// What SenderOptions, configuration and query come to for one end.
struct SenderSettings {
  std::size_t capacity = 0;  ///< of the ring, a power of two
  bool huge_pages = false;   ///< the ring lies in them
  EndId id;
  Delivery delivery = Delivery::single;
  WhenFull when_full = WhenFull::block;
  std::chrono::nanoseconds linger{0};
  Patience patience{};
  CompressionSettings compression;
  SenderOptions given;
};

/// The part of a Sender that does not depend on its message type: presence, receivers, waiting and closing.
///
/// The sending thread works inside `gate` and alone there. Receivers come on the service thread, which lets them in
/// through the gate, so that one is served though the sending thread sleeps, computes or holds a draft.
class SenderEnd final : public Host {
 public:
  static Result<std::unique_ptr<SenderEnd>> open(std::string_view uri, const SenderOptions& options, LaneType type,
                                                 MakeOutlet make_outlet);
  ~SenderEnd() override;

  Gate<>& gate() noexcept { return gate_; }
  const SenderSettings& settings() const noexcept { return settings_; }
  const std::string& uri() const noexcept { return uri_; }
  /// Inside the gate; counters() by the owner at any time.
  ChannelMetrics& metrics() noexcept { return metrics_; }

  /// Single and all: the one ring.
  Outlet& outlet() noexcept { return outlets_.shared(); }
  /// Inside the gate.
  Outlets& outlets() noexcept { return outlets_; }

  /// Inside the gate: sleeps, outside of it meanwhile, until `ready()`; looks at it after every change.
  template <class Ready>
  Result<void> wait_until(Ready&& ready, const Wait& wait, std::string_view what);

  /// Any and routed: takes out receivers that are gone, and moves what is kept in their rings into those of others, as
  /// far as these have room, or gives it up. Inside the gate, with no room reserved in any ring. Two loads while
  /// nothing has happened.
  void care_for_orphans() {
    if (bell_->take_ring()) [[unlikely]]
      drop_lost_receivers();
    if (outlets_.orphaned()) [[unlikely]]
      settle_orphans();
  }
  /// Routed: why nothing can be sent to that receiver, which is not here. Inside the gate.
  Error not_here(EndId receiver) const;

  /// Inside the gate: takes out receivers that are gone. Whether any was.
  bool drop_lost_receivers();
  /// Receivers that are there now. Any thread.
  std::size_t receivers() const;
  /// Their ids, of those that were let in. Inside the gate.
  std::vector<EndId> receiver_ids() const;
  /// Routed, inside the gate: see Sender::close_to.
  bool close_to(EndId receiver);
  /// Grows with every receiver that is let in, closed to or taken out. Any thread.
  std::uint64_t turnover() const noexcept { return turnover_.load(std::memory_order_acquire); }
  /// Inside the gate: waits, outside of it meanwhile, until some receiver was let in.
  Result<void> wait_for_receiver(const Wait& wait);

  /// Inside the gate: whether its receivers have died, or lied, so that a full ring stays full.
  bool deserted() {
    drop_lost_receivers();
    const std::lock_guard lock(mutex_);
    return peers_.empty() && !last_lost_.who.empty();
  }
  /// Before and after a sleep of the owner on bell(), with room announced to be waited for; inside the gate.
  void begin_sleep();
  void end_sleep();
  Bell& bell() noexcept { return *bell_; }
  /// Inside the gate: why who waits for room does so in vain, or no longer.
  Result<void> may_wait(const Wait& wait, std::string_view what);

  bool closed() const noexcept { return closed_; }
  /// This is a child of the process that opened it.
  bool forked() const noexcept { return epoch_ != fork_epoch(); }
  /// See Sender::close. Idempotent.
  Result<void> close(std::chrono::nanoseconds linger);

  Result<Greeting> offer(Link& link) override;
  Result<void> admit(std::unique_ptr<Link>& link, Greeting answer) override;
  Result<Greeting> answer(Link& link, Greeting offer) override;
  void welcome(std::unique_ptr<Link> link) override;
  void missed(const Link* link, const Error& error) override;

 private:
  struct Invited {
    std::uint32_t number = 0;
    std::unique_ptr<Outlet> outlet;  // any, routed: the ring that will be this receiver's
  };
  struct Lost {
    std::string who;
    bool lied = false;  // it told what cannot be
    PeerState how = PeerState::lost;
    EndId id{};
    std::uint64_t messages = 0;  // routed: given up with it
  };

  SenderEnd(std::string uri, Transport& transport, SenderSettings settings, LaneType type, MakeOutlet make_outlet);
  Result<std::unique_ptr<Outlet>> new_outlet() const;
  Result<RemoteRegion> attach(Link& link, Greeting& answer) const;
  Result<void> make_way(const LaneAnswer& newcomer, const Identity& peer);
  void join(const std::shared_ptr<ReaderPeer>& peer, std::unique_ptr<Outlet> outlet);
  void show_lanes();
  bool here(const std::shared_ptr<ReaderPeer>& peer) const;
  static bool lied(const ReaderPeer& peer);
  void remove(ReaderPeer& peer);
  void give_up(std::uint64_t messages);
  void settle_orphans();
  static void detach(Link& link);
  void answer_service_bell();
  void look_after_gathered();
  void note_resumptions(ReaderPeer& peer);
  void carry() noexcept;
  void attend_at(Bell& bell);
  void settle_links();
  void sleep(Deadline until);
  bool orphaned();
  bool joined() const;
  bool undelivered();
  bool says_goodbye() const;
  Result<void> delivered();
  std::string awaited() const;
  template <class Condition>
  bool linger_while(Condition condition, Deadline deadline);
  Error error(Code code, std::string_view what) const;

  const std::string uri_;
  Transport& transport_;
  const SenderSettings settings_;
  const LaneType type_;
  const MakeOutlet make_outlet_;
  std::unique_ptr<Bell> bell_;
  Gate<> gate_;
  Outlets outlets_;                          // inside the gate
  Gathering gathering_{settings_.capacity};  // inside the gate
  ChannelMetrics metrics_;                   // inside the gate
  Lost last_lost_;                           // inside the gate
  std::atomic<std::uint64_t> turnover_{0};   // changed inside the gate
  bool closed_ = false;
  std::atomic<bool> leaving_{false};  // nobody is let in any more
  const std::uint32_t epoch_ = fork_epoch();

  mutable std::mutex mutex_;  // taken after the gate
  std::vector<std::shared_ptr<ReaderPeer>> peers_;
  std::map<const Link*, Invited> invited_;
  std::uint64_t numbers_in_use_ = 0;

  std::unique_ptr<ServiceBell> service_bell_;  // where the transport does not map
  std::unique_ptr<Presence> presence_;
};

template <class Ready>
Result<void> SenderEnd::wait_until(Ready&& ready, const Wait& wait, std::string_view what) {
  std::uint32_t looks = 0;
  const auto look = [&] {
    if (ready()) return true;
    if (wait.stop.announced()) return true;
    return (++looks & 255U) == 0 && drop_lost_receivers();  // spinning for long must not hide that the other is gone
  };
  if (look_patiently<StandardAtomics>(look, wait.deadline, settings_.patience) && ready()) return {};
  const StopCallback wake_to_stop(wait.stop, [this] { bell_->ring(); });
  for (;;) {
    if (auto may = may_wait(wait, what); !may) return ready() ? Result<void>() : may;
    for (const auto& outlet : outlets_.all()) outlet->announce_sleep();
    const bool now = ready();
    if (!now) sleep(wait.stop.sooner(wait.deadline));
    for (const auto& outlet : outlets_.all()) outlet->end_sleep();
    if (now || ready()) return {};
  }
}

}  // namespace psyne::inline v0
