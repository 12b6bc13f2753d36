#include <psyne/patterns/publication/audience.hpp>

#include <algorithm>
#include <utility>

namespace psyne::inline v0 {

Interest Audience::set(EndId id, Interest interest) {
  auto& place = listeners_[id];
  if (!place) {
    place = std::make_unique<Listener>();
    place->recipient = Recipient(id);
  }
  take_prefixes(*place);
  Interest before = std::exchange(place->interest, std::move(interest));
  add_prefixes(*place);
  forget_topics();
  return before;
}

void Audience::remove(EndId id) {
  const auto found = listeners_.find(id);
  if (found == listeners_.end()) return;
  take_prefixes(*found->second);
  listeners_.erase(found);
  forget_topics();
}

Listener* Audience::find(EndId id) noexcept {
  const auto found = listeners_.find(id);
  return found != listeners_.end() ? found->second.get() : nullptr;
}

const std::vector<Listener*>& Audience::wanting(std::string_view topic) {
  if (last_ != nullptr && last_->first == topic) [[likely]]
    return last_->second;
  if (const auto known = found_.find(topic); known != found_.end()) {
    last_ = &*known;
    return known->second;
  }
  if (found_.size() >= most_remembered) forget_topics();
  Listeners& found = found_[std::string(topic)];
  ++looks_;
  for (const auto& [length, count] : lengths_) {
    if (length > topic.size()) break;
    const auto wanted = by_prefix_.find(topic.substr(0, length));
    if (wanted == by_prefix_.end()) continue;
    for (Listener* listener : wanted->second) {
      if (std::exchange(listener->matched, looks_) != looks_) found.push_back(listener);
    }
  }
  return found;
}

void Audience::add_prefixes(Listener& listener) {
  for (const std::string& prefix : listener.interest.prefixes) {
    by_prefix_[prefix].push_back(&listener);
    ++lengths_[prefix.size()];
  }
}

void Audience::take_prefixes(Listener& listener) {
  for (const std::string& prefix : listener.interest.prefixes) {
    const auto found = by_prefix_.find(prefix);
    found->second.erase(std::ranges::find(found->second, &listener));
    if (found->second.empty()) by_prefix_.erase(found);
    const auto length = lengths_.find(prefix.size());
    if (--length->second == 0) lengths_.erase(length);
  }
}

void Audience::forget_topics() noexcept {
  found_.clear();
  last_ = nullptr;
}

}  // namespace psyne::inline v0
