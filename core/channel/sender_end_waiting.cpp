#include <psyne/core/channel/broken.hpp>
#include <psyne/core/channel/sender_end.hpp>
#include <psyne/core/log/log.hpp>

#include <algorithm>

// How a sender waits: for a receiver, for room, and at its close.

namespace psyne::inline v0 {

// Inside the gate.
bool SenderEnd::joined() const {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(peers_, [](const auto& peer) { return peer->joined(); });
}

Result<void> SenderEnd::wait_for_receiver(const Wait& wait) {
  const StopCallback wake_to_stop(wait.stop, [this] { bell_->ring(); });
  for (;;) {
    drop_lost_receivers();
    if (joined()) return {};
    if (wait.stop.stop_requested()) return wait.stop.error("cannot meet a receiver on " + uri_);
    if (Clock::now() >= wait.deadline) return error(Code::timed_out, "meet a receiver on").because("none has come");
    sleep(wait.stop.sooner(wait.deadline));
  }
}

Error SenderEnd::error(Code code, std::string_view what) const {
  return Error(code, "cannot " + std::string(what) + " " + uri_);
}

// Its receivers, for errors.
std::string SenderEnd::awaited() const {
  const std::lock_guard lock(mutex_);
  std::string names;
  for (const auto& peer : peers_) names += (names.empty() ? "" : ", ") + peer->who() + broken(peer->link());
  return names;
}

Result<void> SenderEnd::may_wait(const Wait& wait, std::string_view what) {
  drop_lost_receivers();
  if (wait.stop.stop_requested()) return wait.stop.error("cannot " + std::string(what) + " " + uri_);
  const std::string waited_for = awaited();
  if (waited_for.empty() && last_lost_.lied) {
    return error(Code::corrupted, what)
        .peer(last_lost_.who)
        .because("the ring is full, and its receiver was taken out: it gave back what it cannot have read")
        .mend("Start a receiver: it will be given what is still in the ring.");
  }
  if (waited_for.empty() && !last_lost_.who.empty()) {
    const bool gone = last_lost_.how != PeerState::unreachable;
    return error(gone ? Code::peer_lost : Code::peer_unreachable, what)
        .peer(last_lost_.who)
        .because(gone ? "the ring is full and its receiver is gone"
                      : "the ring is full and nothing is heard of its receiver any more")
        .mend("Start a receiver: it will be given what is still in the ring.");
  }
  if (Clock::now() >= wait.deadline) {
    return error(Code::timed_out, what)
        .peer(waited_for.empty() ? "no receiver has come" : waited_for)
        .because("the deadline passed while the ring was full")
        .mend("Receive faster, raise capacity_bytes, or choose what to drop with when_full.");
  }
  return {};
}

void SenderEnd::begin_sleep() {
  metrics_.add(ChannelColumn::waits);
  if (!service_bell_) return;
  attend_at(*bell_);
  settle_links();
}

void SenderEnd::end_sleep() {
  metrics_.add(ChannelColumn::wakes);
  if (service_bell_) attend_at(service_bell_->bell());
  carry();
}

void SenderEnd::sleep(Deadline until) {
  begin_sleep();
  // What the service thread had left at the gate is done here, after the last look, and may have read the very credit
  // that is waited for; nobody rings for what this thread reads itself.
  if (!gate_.leave()) bell_->sleep(until);
  gate_.enter();
  end_sleep();
}

// Any, routed: whether something lies where nobody reads.
bool SenderEnd::orphaned() {
  drop_lost_receivers();
  if (outlets_.orphaned()) settle_orphans();
  return outlets_.orphaned();
}

// Whether something that was committed has nobody who has it, or will have it after this end is gone.
bool SenderEnd::undelivered() {
  drop_lost_receivers();
  // The ring that was used last is spared for a draft, and here none is open. Any: what lies there can only wait.
  if (settings_.delivery == Delivery::routed && outlets_.orphaned()) settle_orphans();
  const bool mapped = transport_.maps();
  if (!mapped) {
    const std::lock_guard lock(mutex_);
    // One without a connection may not have heard of the end, though it was told.
    if (std::ranges::any_of(peers_, [](const auto& peer) { return !peer->carried() || peer->link().broken_since(); }))
      return true;
  }
  return std::ranges::any_of(outlets_.all(), [&](const auto& outlet) {
    if (mapped && outlet->readers() > 0) return false;  // they hold the memory: it stays as long as they need it
    return outlet->released() != outlet->position();
  });
}

// Not mapped: whether a receiver may not have heard that this end leaves: its connection may break, and be followed by
// another.
bool SenderEnd::says_goodbye() const {
  const std::lock_guard lock(mutex_);
  bool any = false;
  for (const auto& peer : peers_) {
    peer->link().leave();
    static_cast<void>(peer->link().progress());
    any = any || peer->link().peer_state() == PeerState::alive;
  }
  return any;
}

// What close() says when it waited in vain.
Result<void> SenderEnd::delivered() {
  std::uint64_t messages = 0;
  for (const auto& outlet : outlets_.all()) {
    if (!transport_.maps() || outlet->readers() == 0) messages += outlet->unreleased();
  }
  if (messages == 0) return {};
  const std::string waited_for = awaited();
  const bool one = messages == 1;
  return error(Code::timed_out, "deliver all that was sent on")
      .peer(waited_for.empty() ? "no receiver is here" : waited_for)
      .because(std::to_string(messages) + (one ? " message was" : " messages were") + " not taken while close waited")
      .mend("Start receivers earlier, or raise linger.");
}

// Inside the gate. Whether it still holds at the deadline.
template <class Condition>
bool SenderEnd::linger_while(Condition condition, Deadline deadline) {
  bool holds = condition();
  while (holds && Clock::now() < deadline) {
    for (const auto& outlet : outlets_.all()) outlet->announce_sleep();
    if (condition()) sleep(deadline);
    for (const auto& outlet : outlets_.all()) outlet->end_sleep();
    holds = condition();
  }
  return holds;
}

Result<void> SenderEnd::close(std::chrono::nanoseconds linger) {
  if (closed_ || !presence_) return {};
  const Wait wait(linger);
  gate_.enter();
  linger_while([this] { return orphaned(); }, wait.deadline);  // a closed ring takes no more
  closed_ = true;
  for (const auto& outlet : outlets_.all()) outlet->close();
  {
    const std::lock_guard lock(mutex_);
    for (const auto& peer : peers_) peer->close();
  }
  Result<void> delivered;
  if (linger_while([this] { return undelivered(); }, wait.deadline)) delivered = this->delivered();
  leaving_.store(true, std::memory_order_relaxed);
  if (service_bell_) linger_while([this] { return says_goodbye(); }, wait.deadline);
  gate_.leave();
  if (delivered) {
    logging::write(logging::Level::debug, "channel", metrics_.label(), ": closed");
  } else {
    logging::write(logging::Level::warn, "channel", metrics_.label(), ": closed: ", delivered.error());
  }
  presence_.reset();
  {
    const std::lock_guard lock(mutex_);
    for (const auto& peer : peers_) detach(peer->link());
  }
  if (service_bell_) service_bell_->end();
  gate_.close();
  {
    const std::lock_guard lock(mutex_);
    peers_.clear();
  }
  service_bell_.reset();
  show_lanes();
  return delivered;
}

}  // namespace psyne::inline v0
