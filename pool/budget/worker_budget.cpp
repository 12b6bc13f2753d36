#include <psyne/pool/budget/worker_budget.hpp>

#include <algorithm>
#include <new>

namespace psyne::inline v0 {

void WorkerBudget::join(Member& member) {
  const std::lock_guard guard(mutex_);
  claims_.reserve(seats_.size() + 1);  // so that no tick allocates
  seats_.push_back({.member = &member, .places = member.workers()});
  member.watch();
}

void WorkerBudget::leave(Member& member) noexcept {
  const std::lock_guard guard(mutex_);
  std::erase_if(seats_, [&](const Seat& seat) { return seat.member == &member; });
}

void WorkerBudget::place_taken(const Member& member) noexcept {
  const std::lock_guard guard(mutex_);
  if (ticking_ || at_rest_but(member)) return;
  for (const Seat& seat : seats_) seat.member->unwatch();
  ticking_ = tick_later();
}

// Who is found at rest is watched from before that look on: from when it works again, it sees this one.
bool WorkerBudget::at_rest_but(const Member& member) noexcept {
  return std::all_of(seats_.begin(), seats_.end(), [&](const Seat& seat) {
    if (seat.member == &member) return true;
    seat.member->watch();
    return !seat.member->busy();
  });
}

void WorkerBudget::tick() noexcept {
  const std::lock_guard guard(mutex_);
  ++turn_;
  if (all_are_served() && stand_by()) {
    ticking_ = false;
    return;
  }
  give_shares();
  ticking_ = tick_later();
  if (!ticking_) give_all_back();
}

bool WorkerBudget::all_are_served() noexcept {
  std::uint32_t total = cpus_;
  claims_.clear();
  for (Seat& seat : seats_) {
    const std::uint32_t workers = seat.member->workers();
    seat.seen = seat.member->demand();
    const bool wants_more = seat.seen.active != 0 && seat.seen.work_waits && seat.seen.searching == 0;
    claims_.push_back({.demand = wants_more ? workers : std::min(seat.seen.active, workers)});
    total = std::max(total, workers);
  }
  fair_shares(claims_, total, turn_);
  return std::all_of(claims_.begin(), claims_.end(), [](const Claim& claim) { return claim.served(); });
}

// The places come first, for who gets one then is not watched; the last look comes after the watching, for who got one
// before is not told of.
bool WorkerBudget::stand_by() noexcept {
  give_all_back();
  for (const Seat& seat : seats_) seat.member->watch();
  if (all_are_served()) return true;
  for (const Seat& seat : seats_) seat.member->unwatch();
  return false;
}

void WorkerBudget::give_shares() noexcept {
  for (std::size_t number = 0; number < seats_.size(); ++number) {
    give(seats_[number], places_of(seats_[number], claims_[number]));
  }
}

void WorkerBudget::give_all_back() noexcept {
  for (Seat& seat : seats_) {
    give(seat, seat.member->workers());
    seat.still = 0;
  }
}

void WorkerBudget::give(Seat& seat, std::uint32_t places) noexcept {
  if (places == seat.places) return;
  seat.places = places;
  seat.member->set_places(places);
}

std::uint32_t WorkerBudget::places_of(Seat& seat, const Claim& claim) noexcept {
  const std::uint32_t workers = seat.member->workers();
  const bool goes_on = !seat.seen.work_waits || seat.seen.begun != seat.begun;
  seat.still = goes_on ? 0 : std::min(seat.still + 1, patience);
  seat.begun = seat.seen.begun;
  if (claim.demand == 0) return workers;
  if (seat.still < patience) return claim.share;
  const std::uint32_t running = seat.seen.active - seat.seen.searching;
  return std::min(std::max(claim.share, running + 1), workers);
}

void WorkerBudget::begin_anew() noexcept {
  // What the parent's were may be in the middle of a change, and is left as it is.
  new (&mutex_) std::mutex;
  new (&seats_) std::vector<Seat>;
  new (&claims_) std::vector<Claim>;
  ticking_ = false;
}

}  // namespace psyne::inline v0
