#include <psyne/core/channel/outlets.hpp>

#include <algorithm>

namespace psyne::inline v0 {

Outlet* Outlets::find(EndId receiver) const noexcept {
  const auto found = std::ranges::lower_bound(routes_, receiver, {}, &Route::receiver);
  return found != routes_.end() && found->receiver == receiver ? found->outlet : nullptr;
}

void Outlets::add(std::unique_ptr<Outlet> outlet, EndId receiver) {
  if (delivery_ == Delivery::routed) {
    const auto place = std::ranges::lower_bound(routes_, receiver, {}, &Route::receiver);
    routes_.insert(place, {.receiver = receiver, .outlet = outlet.get()});
    ++changes_;
  }
  all_.push_back(std::move(outlet));
}

void Outlets::forget(EndId receiver) noexcept {
  if (std::erase_if(routes_, [&](const Route& route) { return route.receiver == receiver; }) != 0) ++changes_;
}

std::uint64_t Outlets::drop_deserted() {
  std::uint64_t given_up = 0;
  std::erase_if(all_, [&](const auto& outlet) {
    if (outlet.get() == in_use_ || outlet->readers() != 0) return false;
    if (delivery_ == Delivery::routed) given_up += outlet->give_up();
    return outlet->deserted();
  });
  orphaned_ = std::ranges::any_of(all_, [](const auto& outlet) { return outlet->readers() == 0; });
  return given_up;
}

std::uint64_t Outlets::settle() {
  in_use_ = nullptr;
  if (delivery_ == Delivery::routed) return drop_deserted();
  hand_over();
  static_cast<void>(drop_deserted());
  return orphaned_ ? 0 : std::exchange(handed_over_, 0);
}

void Outlets::hand_over() {
  for (bool moved = true; moved;) {
    moved = false;
    for (const auto& from : all_) {
      for (const auto& to : all_) {
        if (from->readers() != 0 || to->readers() == 0 || !from->hand_over(*to)) continue;
        moved = true;
        ++handed_over_;
      }
    }
  }
}

}  // namespace psyne::inline v0
