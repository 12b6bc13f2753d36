#include <psyne/core/channel/incoming_lane.hpp>

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

std::uint64_t IncomingLane::arrived() noexcept {
  {
    const std::lock_guard lock(wire_mutex_);
    static_cast<void>(link_->progress());
  }
  const std::uint64_t plus_one = told(WireCounter::arrived);
  return plus_one == 0 ? told(WireCounter::joined_at) - 1 : plus_one - 1;
}

std::uint64_t IncomingLane::closed_at() noexcept {
  const std::uint64_t plus_one = told(WireCounter::closed_at);
  return plus_one == 0 ? ProducerBlock<>::open : plus_one - 1;
}

// A credit for each release would be a message for each message: they are gathered to an eighth of the ring, or until
// nothing more is to be read.
void IncomingLane::credit(std::uint64_t cursor) noexcept {
  const std::lock_guard lock(wire_mutex_);
  released_ = cursor;
  if (released_ - credited_ >= parts_.offer.capacity / 8) send_credit(released_);
}

void IncomingLane::settle() noexcept {
  const std::lock_guard lock(wire_mutex_);
  if (released_ != credited_) send_credit(released_);
}

void IncomingLane::send_credit(std::uint64_t cursor) noexcept {
  if (link_->post({}, {.counter = counter_index(WireCounter::credit), .value = cursor + 1, .wake = true}))
    credited_ = cursor;
}

}  // namespace psyne::inline v0
