#include <psyne/core/channel/incoming_lane.hpp>

namespace psyne::inline v0 {

IncomingLane::IncomingLane(Parts parts) : parts_(std::move(parts)), credit_(parts_.offer.capacity) {
  new (parts_.own->bytes().data()) ConsumerBlock<>;
}

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
  credit_.progress();
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

}  // namespace psyne::inline v0
