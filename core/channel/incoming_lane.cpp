#include <psyne/core/channel/incoming_lane.hpp>

#include <algorithm>

namespace psyne::inline v0 {

IncomingLane::IncomingLane(Parts parts) : parts_(std::move(parts)) { new (parts_.own->bytes().data()) ConsumerBlock<>; }

std::string IncomingLane::who() const {
  const std::string& name = parts_.offer.name;
  return "sender " + (name.empty() ? "" : name + " ") + "(" + link_->peer().name + ")";
}

std::optional<std::uint64_t> IncomingLane::joined_at() const {
  const std::uint64_t plus_one = mapped() ? producer()->joined_at[parts_.offer.reader].load(std::memory_order_acquire)
                                          : told(WireCounter::joined_at);
  if (plus_one == 0) return std::nullopt;
  return plus_one - 1;
}

void IncomingLane::progress() noexcept {
  if (mapped()) return static_cast<void>(link_->progress());
  const std::lock_guard lock(wire_mutex_);
  static_cast<void>(link_->progress());
}

std::uint64_t IncomingLane::arrived() noexcept {
  progress();
  const std::uint64_t plus_one = told(WireCounter::arrived);
  return plus_one == 0 ? told(WireCounter::joined_at) - 1 : plus_one - 1;
}

std::uint64_t IncomingLane::closed_at() noexcept {
  const std::uint64_t plus_one = told(WireCounter::closed_at);
  return plus_one == 0 ? ProducerBlock<>::open : plus_one - 1;
}

// A credit for each release would be a message for each message: they are gathered to an eighth of the ring, until
// nothing more is to be read, or until the sender needs them. It asks by its counter before it rings us: either
// settle() sees this release, or this release sees that it asks.
void IncomingLane::credit(std::uint64_t cursor) noexcept {
  const std::lock_guard lock(wire_mutex_);
  released_ = std::max(released_, cursor);
  const std::uint64_t asked_plus_one = told(WireCounter::asked);
  const bool asked = credited_ + 1 < asked_plus_one && asked_plus_one <= released_ + 1;
  if (asked || released_ - credited_ >= parts_.offer.capacity / 8) send_credit();
}

void IncomingLane::settle() noexcept {
  const std::lock_guard lock(wire_mutex_);
  send_credit();
}

bool IncomingLane::finish(std::uint64_t taken) noexcept {
  if (mapped()) return true;
  const std::lock_guard lock(wire_mutex_);
  released_ = std::max(released_, taken);
  static_cast<void>(link_->progress());
  finished_ = send_credit() || link_->peer_state() != PeerState::alive;
  return finished_;
}

bool IncomingLane::leave(std::uint64_t taken) noexcept {
  const std::lock_guard lock(wire_mutex_);
  static_cast<void>(link_->progress());
  if (finished_ || link_->peer_state() != PeerState::alive) return true;
  return link_->post({}, {.counter = counter_index(WireCounter::left), .value = taken + 1}).has_value();
}

bool IncomingLane::send_credit() noexcept {
  if (released_ == credited_) return true;
  const Signal credit{.counter = counter_index(WireCounter::credit), .value = released_ + 1, .wake = true};
  if (!link_->post({}, credit)) return false;
  credited_ = released_;
  return true;
}

}  // namespace psyne::inline v0
