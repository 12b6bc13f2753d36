#include <psyne/core/channel/reader_peer.hpp>
#include <psyne/core/lane/record.hpp>

#include <algorithm>
#include <span>
#include <utility>

namespace psyne::inline v0 {

ReaderPeer::ReaderPeer(std::unique_ptr<Link> link, RemoteRegion remote, Outlet& outlet, std::uint64_t capacity,
                       std::uint32_t number, LaneAnswer answer, Gathering& gathering, ServiceBell* service_bell)
    : link_(std::move(link)),
      remote_(std::move(remote)),
      outlet_(&outlet),
      lent_(outlet.lent()),
      capacity_(capacity),
      number_(number),
      answer_(std::move(answer)),
      news_(*link_),
      gathering_(gathering),
      service_bell_(service_bell) {}

void ReaderPeer::join() {
  joined_ = true;
  const std::uint64_t from = outlet_->oldest();
  if (mapped()) {
    outlet_->join(reinterpret_cast<const ConsumerBlock<>*>(remote_.map().data()), *this);
    outlet_->block().joined_at[number_].store(from + 1, std::memory_order_release);
  } else {
    news_.begin(from);
    outlet_->join(nullptr, *this);
  }
  link_->wake();
}

std::uint64_t ReaderPeer::leave(bool again) {
  outlet_->block().joined_at[number_].store(0, std::memory_order_relaxed);
  return outlet_->leave(*this, again);
}

void ReaderPeer::close() {
  if (!mapped()) {
    news_.close(outlet_->position());
    carry();
  }
  link_->wake();
}

void ReaderPeer::flush(std::uint64_t position) noexcept {
  if (!gathering_.gathers()) return carry();
  const std::uint64_t waiting = position - news_.flushed();
  const bool lent = !lent_.empty();
  if (!gathering_.leave(waiting, lent)) post_or_gather(waiting, lent);
}

void ReaderPeer::post_or_gather(std::uint64_t waiting, bool lent) noexcept {
  const Deadline now = Clock::now();
  if (gathering_.due(waiting, lent, lent && before_it() > waiting, now)) {
    carry();
    gathering_.posted(now, Clock::now());
  } else {
    call(lent ? lent_.newest() : nullptr);
  }
}

// Has the service thread come for what waits, unless that ends with a record that is lent still: who looks after its
// lender posts it. A second timer, with all that it wakes, is 7 % of a stream of 64 KiB.
void ReaderPeer::call(const LentRecord* last) noexcept {
  if (last != nullptr && last->next() == outlet_->position()) return;
  if (gathering_.call()) service_bell_->look_after(Gathering::first_look);
}

void ReaderPeer::taken_back(const LentRecord& lent, const std::byte* place) noexcept {
  link_->moved(lent.payload(), place);
  if (!gathering_.gathers() || unposted() == 0) return;
  call(lent_.newest() == &lent ? nullptr : lent_.newest());
}

// What gathers had better be in the ring, and leave by one post with what follows.
bool ReaderPeer::posts(std::uint64_t bytes) const noexcept {
  if (!gathering_.gathers()) return true;
  return gathering_.posts(unposted() + bytes, false, false, Clock::now());
}

void ReaderPeer::flush_lent(std::uint64_t position) noexcept {
  briefly_lent_ = true;
  gathering_.gathers() ? post_or_gather(position - news_.flushed(), false) : carry();
  briefly_lent_ = false;
}

void ReaderPeer::resume() noexcept {
  const auto arrived = link_->resumed(counter_index(WireCounter::arrived));
  if (!arrived) return;
  const std::uint64_t before = news_.flushed();
  lied_ = lied_ || !news_.tell_again(*arrived);
  ++resumptions_.times;
  resumptions_.bytes += before - news_.flushed();
}

void ReaderPeer::carry() noexcept {
  resume();
  if (lied_) return;
  news_.carry(outlet_->position(), [this](std::uint64_t from, std::uint64_t to, const Signal& arrived) {
    return put_records(from, to, arrived);
  });
}

bool ReaderPeer::carried() const noexcept { return news_.carried(outlet_->position()); }

std::uint64_t ReaderPeer::credit(std::uint64_t needed) noexcept {
  static_cast<void>(link_->progress());
  const bool goes_to_sleep = (outlet_->block().asleep.load(std::memory_order_relaxed) & 1) != 0;
  const bool asks = gathering_.ask(goes_to_sleep);
  // Who waits for what it lent, while another waits for room, is to be told as well.
  if (const LentRecord* lent = asks ? lent_.from(news_.released()) : nullptr) needed = std::min(needed, lent->next());
  const std::uint64_t cursor = news_.credit(needed, asks);
  if (!gathering_.gathers() || lent_.empty()) {
    carry();
    return cursor;
  }
  const bool streams = gathering_.streams(Clock::now());
  if (asks || unposted() == 0 || unposted() >= before_it()) carry();
  if (streams) gathering_.waited(Clock::now());
  return cursor;
}

std::uint64_t ReaderPeer::unposted() const noexcept { return outlet_->position() - news_.flushed(); }

// What is lent gathers while its reader has more before it than gathers: each post of a burst is twice as long as the
// one before, and nobody waits for one.
std::uint64_t ReaderPeer::before_it() const noexcept {
  return news_.flushed() - std::min(news_.released(), news_.flushed());
}

bool ReaderPeer::parted() const noexcept {
  if (mapped()) return link_->peer_state() == PeerState::closed;
  return link_->peer_state() != PeerState::alive && link_->counter(counter_index(WireCounter::left)) != 0;
}

// What is lent is a put of its own, so that who waits for it can have it read straight into a buffer; and has arrived
// when that has, whatever follows. Its lender waits for credit, which is asked for by a frame that goes anyway.
bool ReaderPeer::put_records(std::uint64_t from, std::uint64_t to, const Signal& arrived) noexcept {
  const LentRecord* lent = lent_.from(from);
  // A reader that says, on another connection, that just a part of it has arrived.
  if (lent != nullptr && from > lent->place() - Record::word_bytes) [[unlikely]] {
    lied_ = true;
    return false;
  }
  puts_.clear();
  const bool asks = lent != nullptr && !briefly_lent_;
  for (; lent != nullptr; from = lent->next(), lent = lent->later()) {
    put_ring(from, lent->place());
    Put& before = puts_.back();
    const std::uint64_t place = lent->place() & (capacity_ - 1);
    // Nothing lies before the first word of a lap.
    if (before.offset == 0 && place <= cache_line) before = ring_put(place - Record::word_bytes, Record::word_bytes);
    puts_.push_back({.local = lent->payload(), .remote = &remote_, .offset = place, .early = arrived});
    puts_.back().early.value = lent->next() + 1;
  }
  if (asks) puts_.front().early = news_.hint(to);
  put_ring(from, to);
  return link_->post(puts_, arrived).has_value();
}

void ReaderPeer::put_ring(std::uint64_t from, std::uint64_t to) noexcept {
  while (from < to) {
    const std::uint64_t begin = from & (capacity_ - 1);
    const std::uint64_t in_lap = std::min(to - from, capacity_ - begin);
    // Of padding only the word goes: where two messages fill a ring, every other byte would be padding.
    const std::uint64_t padded_at = outlet_->padded_at();
    const bool pads = from <= padded_at && padded_at < from + in_lap;
    const std::uint64_t bytes = pads ? padded_at + Record::word_bytes - from : in_lap;
    puts_.push_back(ring_put(begin, bytes));
    from += in_lap;
  }
}

Put ReaderPeer::ring_put(std::uint64_t offset, std::uint64_t bytes) const noexcept {
  return {.local = {outlet_->ring() + offset, bytes}, .remote = &remote_, .offset = offset};
}

std::string ReaderPeer::who(const LaneAnswer& answer, const Identity& peer) {
  return "receiver " + (answer.name.empty() ? "" : answer.name + " ") + "(" + peer.name + ")";
}

}  // namespace psyne::inline v0
