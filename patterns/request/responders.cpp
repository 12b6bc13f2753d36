#include <psyne/patterns/request/responders.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace psyne::inline v0 {

void Responders::set(std::span<const EndId> ids) {
  std::vector<Known> now;
  for (const EndId id : ids) {
    const auto before = std::ranges::find_if(known_, [&](const Known& known) { return known->id == id; });
    if (before != known_.end()) {
      now.push_back(*before);
    } else {
      now.push_back(std::make_shared<KnownResponder>());
      now.back()->id = id;
    }
  }
  known_ = std::move(now);
  met_ = static_cast<std::size_t>(std::ranges::count_if(known_, [](const Known& known) { return known->met; }));
}

void Responders::forget_met() noexcept {
  for (const Known& known : known_) known->met = known->awaited = false;
  met_ = 0;
}

const Responders::Known* Responders::next() noexcept {
  const Known* best = nullptr;
  std::uint32_t fewest = 0;
  const std::size_t count = known_.size();
  for (std::size_t i = 0; i < count; ++i) {
    turn_ = turn_ + 1 < count ? turn_ + 1 : 0;
    const Known& known = known_[turn_];
    if (!known->met) continue;
    const std::uint32_t in_flight = known->in_flight.load(std::memory_order_relaxed);
    if (in_flight == 0) return &known;  // the turn stays here: the next ask begins after it
    if (best != nullptr && in_flight >= fewest) continue;
    best = &known;
    fewest = in_flight;
  }
  return best;
}

std::vector<Responders::Known> Responders::unmet() const {
  std::vector<Known> unmet;
  std::ranges::copy_if(known_, std::back_inserter(unmet), [](const Known& known) { return !known->met; });
  return unmet;
}

void Responders::meet(KnownResponder& known) noexcept {
  if (!known.met) ++met_;
  known.met = true;
}

}  // namespace psyne::inline v0
