#pragma once

#include <psyne/core/channel/broken.hpp>
#include <psyne/core/channel/receiver_end.hpp>
#include <psyne/core/channel/wait.hpp>
#include <psyne/core/stop/wait_or_stop.hpp>
#include <psyne/core/wait_set/waitable.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace psyne::inline v0 {

/// Why the receiving thread must not simply look at the lanes; several may be true at once.
enum Attention : std::uint8_t {
  sleep_announced = 1,  ///< senders were told to wake; that ends first
  lent = 2,             ///< the lanes belong to asynchronous receives or to a subscription now
  came_back = 4,        ///< a message that was taken for somebody who went without it is to be given first
  being_told = 8,       ///< a message is under way to somebody who may have gone: it may have to be given first
};

/// The end of a receiver, and the lanes of all its senders, merged fairly.
///
/// Belongs to one thread at a time, its owner: the receiver's thread; or, while it is `lent`, whoever holds the lock of
/// the ReceiveQueue, or the subscription. attention(), call() and dismiss() alone are for any thread: what is published
/// by the release that takes `lent` away is seen by the receiver's thread, which acquires.
template <class Records>
class ReceiverState {
 public:
  using Lane = TypedLane<Records>;

  explicit ReceiverState(std::unique_ptr<ReceiverEnd> end) : end_(std::move(end)) {}
  ~ReceiverState() {
    membership_.leave();
    end_->refuse();
    const Deadline until = Clock::now() + end_->settings().linger;
    await_connections(until);
    take_in();
    for (Lane* lane : lanes_) let_go(lane, until);
    for (Lane* lane : joining_) let_go(lane, until);
    end_->await_goodbyes(until);
    end_->leave();
    // Who was answered before may have come since, and is to know that nothing was taken.
    for (IncomingLane* late : end_->take_arrivals()) let_go(static_cast<Lane*>(late), Deadline::min());
  }
  ReceiverState(const ReceiverState&) = delete;
  ReceiverState& operator=(const ReceiverState&) = delete;

  ReceiverEnd& end() noexcept { return *end_; }
  const ReceiverEnd& end() const noexcept { return *end_; }

  std::uint8_t attention() const noexcept { return attention_.load(std::memory_order_acquire); }
  void call(Attention what) noexcept { attention_.fetch_or(what, std::memory_order_acq_rel); }
  void dismiss(Attention what) noexcept {
    attention_.fetch_and(static_cast<std::uint8_t>(~what), std::memory_order_acq_rel);
  }

  /// A lane whose front is the next message, or nullptr when there is none now. A sender gets a turn of so many
  /// messages while others have some as well, and then those that came meanwhile are taken in: one that always has some
  /// keeps nobody out. `under_way`: one whose next message is still being copied in will do.
  Lane* find(bool under_way = false) noexcept {
    constexpr std::uint32_t turn = 64;
    if (left_in_turn_ == 0) {
      left_in_turn_ = turn;
      if (end_->arrivals() || !joining_.empty()) [[unlikely]]
        take_in();
      next(lanes_.size());
    }
    const std::size_t count = lanes_.size();
    for (std::size_t i = 0; i < count; ++i) {
      Lane* lane = lanes_[current_];
      const Look look = lane->reader().look();
      if (look == Look::record) [[likely]] {
        --left_in_turn_;
        return lane;
      }
      if (under_way && look == Look::empty && lane->reader().under_way().bytes > 0) return lane;
      left_in_turn_ = turn;
      next(count);
    }
    return nullptr;
  }

  /// Takes in senders that came and takes out those that went. An error when one is to be told: a sender that died
  /// (peer_lost), wrote nonsense (corrupted), or was refused; closed when all have gone.
  std::optional<Error> settle() {
    take_in();
    if (auto gone = take_out_ended()) return gone;  // first: what is refused may be a try to begin anew
    if (closed_ && lanes_.empty() && joining_.empty() && !end_->expects()) return closed_error();
    if (end_->arrivals()) {
      if (auto refusal = end_->take_refusal()) {
        end_->metrics().add(ChannelColumn::refused);
        return refusal;
      }
    }
    return std::nullopt;
  }

  /// A lane with a message (or one that find() takes for it), or why there is none: would_block, or what settle() says.
  Result<Lane*> look(bool under_way = false) {
    if (Lane* lane = find(under_way)) return lane;
    return look_again(under_way);
  }
  /// After find() found nothing.
  Result<Lane*> look_again(bool under_way = false) {
    if (auto told = settle()) return *std::move(told);
    if (Lane* lane = find(under_way)) return lane;
    return Code::would_block;
  }

  /// The same, waiting as long as `wait` allows; nullptr when a message came back meanwhile.
  Result<Lane*> wait(const Wait& wait, bool under_way = false) {
    auto found = look(under_way);
    if (found || found.error() != Code::would_block) [[likely]]
      return found;
    std::uint32_t looks = 0;
    const auto ready = [&] {
      if (Lane* lane = find(under_way)) {
        found = lane;
        return true;
      }
      // Long spinning must not hide that others have come or gone.
      if (end_->arrivals() || (++looks & 255U) == 0) found = look(under_way);
      return found || found.error() != Code::would_block || (attention() & came_back) != 0;
    };
    const auto doze = [&](auto& look, Deadline until, const Patience& patience) {
      if (look_patiently<StandardAtomics>(look, until, patience)) return;
      do {
        if (rest()) end_->bell().sleep(until);
        awake();
        looks = ~0U;  // who woke us may have come or gone
      } while (!look() && Clock::now() < until);
    };
    const WaitEnd end = wait_or_stop<StandardAtomics>(ready, wait.deadline, wait.stop, end_->settings().patience, doze,
                                                      [this] { end_->bell().ring(); });
    if (found || found.error() != Code::would_block) return found;
    if (end == WaitEnd::ready) return nullptr;
    if (end == WaitEnd::stopped) return wait.stop.error("cannot receive from " + end_->uri());
    return end_->error(Code::timed_out).peer(waited_for()).because("no message came in time");
  }

  /// Waits until a sender of that id is taken in. Errors: what settle() says meanwhile; timed_out; stopped.
  Result<void> wait_for(EndId sender, const Wait& wait) {
    std::optional<Error> told;
    const auto ready = [&] { return (told = settle()).has_value() || has(sender); };
    const auto doze = [&](auto& look, Deadline until, const Patience& patience) {
      if (look_patiently<StandardAtomics>(look, until, patience)) return;
      do {
        if (rest()) end_->bell().sleep(until);
        awake();
      } while (!look() && Clock::now() < until);
    };
    const WaitEnd end = wait_or_stop<StandardAtomics>(ready, wait.deadline, wait.stop, end_->settings().patience, doze,
                                                      [this] { end_->bell().ring(); });
    if (told) return *std::move(told);
    if (end == WaitEnd::ready) return {};
    if (end == WaitEnd::stopped) return wait.stop.error("cannot receive from " + end_->uri());
    return end_->error(Code::timed_out).because("a sender that was waited for did not come in time");
  }

  /// The next message of the only sender is to be read straight into `into`, where it fits: until end_redirect().
  void redirect(std::span<std::byte> into) {
    if (lanes_.size() == 1 && lanes_.front()->redirect(into)) redirected_ = lanes_.front();
  }
  /// Whether the front of `lane` lies there.
  bool take_redirected(const Lane& lane) noexcept {
    const bool taken = redirected_ == &lane && lane.redirected();
    end_redirect(taken);
    return taken;
  }
  void end_redirect(bool taken = false) noexcept {
    if (Lane* lane = std::exchange(redirected_, nullptr)) lane->link().end_redirect(taken);
  }

  /// Announces a sleep on the bell, and looks at everything once more. False when it is not to be slept now. In either
  /// case awake() ends it.
  bool rest() {
    announce();
    if (something_new()) return false;
    end_->metrics().add(ChannelColumn::waits);
    rests_ = true;
    return true;
  }

  void awake() noexcept {
    if (!announced_) return;
    announced_ = false;
    if (std::exchange(rests_, false)) end_->metrics().add(ChannelColumn::wakes);
    dismiss(sleep_announced);
    for (Lane* lane : lanes_) {
      lane->reader().end_sleep();
      lane->progress();
    }
    for (Lane* lane : joining_) lane->progress();
  }

  /// rest() as a poll loop needs it: where it is not to be slept, nothing is announced afterwards.
  bool arm() {
    if ((attention() & (lent | came_back | being_told)) != 0) return false;
    awake();
    end_->bell().clear();
    if (rest()) return true;
    awake();
    return false;
  }
  /// Whether a receiving call has something to do. Takes no message; may say so in vain. Where no sleep is announced.
  bool ready() {
    if ((attention() & (lent | came_back | being_told)) != 0) return true;
    take_in();
    return something_new() || (closed_ && lanes_.empty() && joining_.empty() && !end_->expects());
  }
  WaitSetEntry wait_set_entry() { return {std::make_unique<Waited>(*this), &membership_}; }

  /// What status() says from now on.
  void tell(Error error) { status_ = std::move(error); }
  Result<void> status() const { return status_ ? Result<void>(*status_) : Result<void>(); }
  /// What is wrong with a message that `lane` brought; its next one may be right.
  Error told(const Lane& lane, Error error) const { return std::move(error).peer(lane.who()); }
  std::size_t senders() const noexcept { return lanes_.size(); }
  bool has(EndId sender) const noexcept {
    return std::ranges::any_of(lanes_, [&](const Lane* lane) { return lane->offer().sender == sender; });
  }

  /// For timeouts: whom we waited for.
  std::string waited_for() const {
    std::string names;
    for (const Lane* lane : lanes_) names += (names.empty() ? "" : ", ") + lane->who() + broken(lane->link());
    return names.empty() ? "no sender has come" : names;
  }

 private:
  class Waited final : public Waitable {
   public:
    explicit Waited(ReceiverState& state) noexcept : state_(state) {}
    int descriptor() const noexcept override { return state_.end().bell().descriptor(); }
    bool ready() override { return state_.ready(); }
    bool arm() override { return state_.arm(); }
    bool armed() const noexcept override { return (state_.attention() & sleep_announced) != 0; }
    void disarm() override { state_.awake(); }
    bool stays_armed() const noexcept override { return true; }

   private:
    ReceiverState& state_;
  };

  // Senders that came, and were let in.
  [[gnu::noinline]] void take_in() {
    if (end_->arrivals()) {
      for (IncomingLane* lane : end_->take_arrivals()) joining_.push_back(static_cast<Lane*>(lane));
    }
    std::erase_if(joining_, [&](Lane* lane) {
      const bool begun = lane->begin();
      if (begun) {
        lanes_.push_back(lane);
        closed_ = false;
        show_lanes();
      }
      return begun;
    });
  }

  void announce() noexcept {
    for (Lane* lane : lanes_) {
      lane->reader().announce_sleep();
      lane->settle_link();
    }
    for (Lane* lane : joining_) lane->settle_link();
    if (told_by_memory()) StandardAtomics::heavy_barrier();
    announced_ = true;
    call(sleep_announced);
  }

  // Whether a sender may look at our memory to know whether to wake us: the barrier lets it see the announcement, or us
  // its message. Over a socket none looks. Whatever brings news rings the bell without asking, or leaves it in the
  // socket, which the bell watches; both stay until we have been there, so no order of loads and stores can lose them.
  // The barrier is a system call that interrupts the other CPUs: eight subscribers over TCP that sleep at once
  // took 17.8 M/s with it and 22.1 without.
  bool told_by_memory() const noexcept {
    const auto mapped = [](const Lane* lane) { return lane->mapped(); };
    return lanes_.empty() || std::ranges::any_of(lanes_, mapped) || std::ranges::any_of(joining_, mapped);
  }

  // Whether there is anything to do before a sleep.
  bool something_new() {
    if (end_->arrivals() || (attention() & came_back) != 0) return true;
    for (Lane* lane : lanes_) {
      if (news(*lane, lane->reader().look()) || gone(*lane)) return true;
    }
    return std::ranges::any_of(joining_, [](Lane* lane) { return lane->joined_at().has_value() || gone(*lane); });
  }

  void show_lanes() noexcept { end_->metrics().show(ChannelColumn::lanes, lanes_.size()); }
  void next(std::size_t count) noexcept { current_ = current_ + 1 < count ? current_ + 1 : 0; }
  // An end is none before the sender has been told what was taken: it waits for that, and its own end follows.
  static bool news(Lane& lane, Look look) {
    return look == Look::ended ? lane.finish(lane.taken()) : look != Look::empty;
  }
  static bool gone(const Lane& lane) { return lane.link().peer_state() != PeerState::alive; }

  // Senders are told last what was taken, and who comes back finds this end only while it is present.
  void await_connections(Deadline until) {
    if (end_->forked()) return;
    const auto is_broken = [](const Lane* lane) { return lane->link().broken_since().has_value(); };
    while (std::ranges::any_of(lanes_, is_broken) && Clock::now() < until) {
      for (Lane* lane : lanes_) {
        lane->progress();
        lane->settle_link();
      }
      end_->bell().sleep(until);
    }
  }

  void let_go(Lane* lane, Deadline until) {
    if (lane == redirected_) end_redirect();
    end_->part_from(*lane, lane->taken(), until);
    lane->retire();
  }

  std::optional<Error> take_out_ended() {
    for (Lane* lane : joining_) {
      if (!gone(*lane) || lane->joined_at()) continue;
      std::erase(joining_, lane);
      return take_out(lane, Look::empty);
    }
    for (Lane* lane : lanes_) {
      const bool was_gone = gone(*lane);  // before the look: what it committed before it went is seen by the look
      const Look look = lane->reader().look();
      if (look == Look::record || (!was_gone && !news(*lane, look))) continue;
      std::erase(lanes_, lane);
      current_ = 0;
      if (auto error = take_out(lane, look)) return error;
      return settle();
    }
    return std::nullopt;
  }

  std::optional<Error> take_out(Lane* lane, Look look) {
    std::optional<Error> told;
    if (look == Look::corrupted) {
      told = end_->error(Code::corrupted).peer(lane->who()).because("it wrote what no sender of this version writes");
    } else if (auto why = lane->link().refusal()) {
      told = end_->error(Code::refused)
                 .peer(lane->who())
                 .because(*std::move(why))
                 .mend("Close this receiver, unless it is to go on asking to be let in.");
    } else if (look == Look::empty && lane->link().peer_state() == PeerState::unreachable) {
      told = end_->error(Code::peer_unreachable)
                 .peer(lane->who())
                 .because("nothing is heard of it any more; all that had arrived was delivered")
                 .mend("Look into the network between here and there; its machine may be down.");
    } else if (look == Look::empty && lane->link().peer_state() == PeerState::lost) {
      told = end_->error(Code::peer_lost)
                 .peer(lane->who())
                 .because(lane->mapped() ? "the process is gone; all that it had sent was delivered"
                                         : "the link to it is lost; all that had arrived was delivered")
                 .mend("Look into its log, and start it again: this receiver takes it in.");
    } else if (look == Look::empty && lane->begun() && !lane->mapped()) {
      told = end_->error(Code::peer_lost)
                 .peer(lane->who())
                 .because("it closed before all that it had sent was across; what had arrived was delivered")
                 .mend("Raise its linger.");
    }
    last_ = lane->who();
    end_->parted(*lane, told);
    // For one that writes nonsense nobody waits.
    let_go(lane, look == Look::corrupted ? Deadline::min() : Clock::now() + end_->settings().linger);
    const ReceiverOptions& given = end_->settings().given;
    closed_ = !given.wait_for_senders && !given.tell_closed;
    show_lanes();
    if (told) {
      status_ = told;
      end_->metrics().add(ChannelColumn::peers_lost);
    } else if (given.tell_closed) {
      told = end_->error(Code::closed).peer(last_).because("it closed, and all that it had sent was delivered");
    }
    return told;
  }

  Error closed_error() const {
    return end_->error(Code::closed).peer(last_).because("all its senders have closed, and all was delivered");
  }

  std::unique_ptr<ReceiverEnd> end_;
  std::vector<Lane*> lanes_;
  std::vector<Lane*> joining_;
  Lane* redirected_ = nullptr;
  std::size_t current_ = 0;
  std::uint32_t left_in_turn_ = 1;
  bool closed_ = false;  // the last sender has gone
  bool announced_ = false;
  bool rests_ = false;                      // rest() said that it is to be slept
  std::atomic<std::uint8_t> attention_{0};  // of Attention
  std::string last_;
  std::optional<Error> status_;
  WaitSetMembership membership_;
};

}  // namespace psyne::inline v0
