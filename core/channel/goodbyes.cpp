#include <psyne/core/channel/goodbyes.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace psyne::inline v0 {

// Kept before it leaves: the answer may come at once, and is seen by settle().
void Goodbyes::say(const std::shared_ptr<Link>& link, std::shared_ptr<const Region> copy, Deadline until) {
  {
    const std::lock_guard lock(mutex_);
    said_.push_back({.link = link, .copy = std::move(copy), .until = until});
  }
  link->leave();
}

std::optional<Deadline> Goodbyes::settle() {
  std::vector<Goodbye> gone;
  std::optional<Deadline> next;
  {
    const Deadline now = Clock::now();
    const std::lock_guard lock(mutex_);
    const auto first_gone = std::partition(said_.begin(), said_.end(), [&](const Goodbye& goodbye) {
      return goodbye.link->peer_state() == PeerState::alive && now < goodbye.until;
    });
    gone.assign(std::make_move_iterator(first_gone), std::make_move_iterator(said_.end()));
    said_.erase(first_gone, said_.end());
    for (const Goodbye& goodbye : said_) next = std::min(next.value_or(no_deadline), goodbye.until);
  }
  let_go(gone);
  return next;
}

void Goodbyes::close() {
  std::vector<Goodbye> gone;
  {
    const std::lock_guard lock(mutex_);
    gone.swap(said_);
  }
  let_go(gone);
}

bool Goodbyes::empty() const {
  const std::lock_guard lock(mutex_);
  return said_.empty();
}

// A view that is held may keep the link longer than the end is there.
void Goodbyes::let_go(const std::vector<Goodbye>& gone) {
  for (const Goodbye& goodbye : gone) {
    static_cast<void>(goodbye.link->attach_service_bell(nullptr));
    goodbye.link->close();
  }
}

}  // namespace psyne::inline v0
