#include <algorithm>
#include <cstdlib>

#include <explorer/strategies.hpp>

namespace psyne::explorer {

namespace {

constexpr std::string_view digits = "0123456789abcdefghijklmnopqrstuvwxyz";

}  // namespace

std::string to_text(const Schedule& schedule) {
  std::string text;
  for (const std::uint8_t choice : schedule) text += digits.at(choice);
  text.erase(text.find_last_not_of('0') + 1);
  return text;
}

Schedule from_text(std::string_view text) {
  Schedule schedule;
  for (const char digit : text) schedule.push_back(static_cast<std::uint8_t>(digits.find(digit)));
  return schedule;
}

std::uint32_t Exhaustive::branch(std::uint32_t count) {
  if (at_ == path_.size()) path_.push_back({0, count});
  const Fork& fork = path_[at_++];
  if (fork.count != count) std::abort();  // the body does not do the same twice
  return fork.taken;
}

bool Exhaustive::advance() {
  at_ = 0;
  while (!path_.empty() && path_.back().taken + 1 == path_.back().count) path_.pop_back();
  if (path_.empty()) return false;
  ++path_.back().taken;
  return true;
}

void Random::start(std::uint64_t seed) {
  random_.seed(seed);
  walk_ = seed % 2 == 0;
  for (std::size_t thread = 0; thread < max_threads; ++thread) priorities_[thread] = static_cast<std::int32_t>(thread);
  std::ranges::shuffle(priorities_, random_);
  picks_before_ = std::max({picks_before_ / 2, picks_, 8U});
  for (auto& change : changes_) change = static_cast<std::uint32_t>(random_() % picks_before_);
  lowest_ = 0;
  picks_ = 0;
}

std::uint32_t Random::thread(std::span<const std::uint8_t> candidates) {
  ++picks_;
  if (walk_) return random_() % 2 == 0 ? 0 : branch(static_cast<std::uint32_t>(candidates.size()));
  if (std::ranges::find(changes_, picks_) != changes_.end()) priorities_[candidates[0]] = --lowest_;
  const auto best = std::ranges::max_element(candidates, {}, [&](std::uint8_t number) { return priorities_[number]; });
  return static_cast<std::uint32_t>(best - candidates.begin());
}

std::uint32_t Random::branch(std::uint32_t count) { return static_cast<std::uint32_t>(random_() % count); }

std::uint32_t Replay::branch(std::uint32_t count) {
  const std::uint32_t choice = at_ < schedule_.size() ? schedule_[at_] : 0;
  ++at_;
  return std::min(choice, count - 1);
}

}  // namespace psyne::explorer
