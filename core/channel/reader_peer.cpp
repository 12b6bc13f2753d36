#include <psyne/core/channel/reader_peer.hpp>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace psyne::inline v0 {

ReaderPeer::ReaderPeer(std::unique_ptr<Link> link, RemoteRegion remote, Outlet& outlet, std::uint64_t capacity,
                       std::uint32_t number, LaneAnswer answer)
    : link_(std::move(link)),
      remote_(std::move(remote)),
      outlet_(&outlet),
      capacity_(capacity),
      number_(number),
      answer_(std::move(answer)) {}

void ReaderPeer::join() {
  const std::uint64_t from = outlet_->oldest();
  if (mapped()) {
    outlet_->join(reinterpret_cast<const ConsumerBlock<>*>(remote_.map().data()), *this);
    outlet_->block().joined_at[number_].store(from + 1, std::memory_order_release);
  } else {
    joined_at_.value = flushed_ = from;
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
    closed_at_.value = outlet_->position();
    carry();
  }
  link_->wake();
}

void ReaderPeer::carry() noexcept {
  if (!joined_at_.value) return;  // it is not let in yet
  if (tell(WireCounter::joined_at, joined_at_) && carry_records() && tell(WireCounter::asked, asked_, true)) {
    tell(WireCounter::closed_at, closed_at_);
  }
}

bool ReaderPeer::carried() const noexcept {
  return joined_at_.told && flushed_ == outlet_->position() && closed_at_.told == closed_at_.value;
}

std::uint64_t ReaderPeer::credit(std::uint64_t needed) noexcept {
  static_cast<void>(link_->progress());
  const std::uint64_t plus_one = link_->counter(counter_index(WireCounter::credit));
  const std::uint64_t cursor = plus_one == 0 ? *joined_at_.value : plus_one - 1;
  if (cursor < needed && asked_.value < needed) asked_.value = needed;
  carry();
  return cursor;
}

std::uint64_t ReaderPeer::reached() noexcept {
  const std::uint64_t plus_one = link_->counter(counter_index(WireCounter::left));
  return plus_one == 0 ? flushed_ : std::min(plus_one - 1, flushed_);
}

bool ReaderPeer::parted() const noexcept {
  if (link_->peer_state() != PeerState::closed) return false;
  return mapped() || link_->counter(counter_index(WireCounter::left)) != 0;
}

bool ReaderPeer::carry_records() noexcept {
  const std::uint64_t to = outlet_->position();
  if (flushed_ == to) return true;
  const std::uint64_t begin = flushed_ & (capacity_ - 1);
  const std::uint64_t first = std::min(to - flushed_, capacity_ - begin);
  const std::byte* ring = outlet_->ring();
  const std::array<Put, 2> puts{Put{.local = {ring + begin, first}, .remote = &remote_, .offset = begin},
                                Put{.local = {ring, to - flushed_ - first}, .remote = &remote_, .offset = 0}};
  const Signal arrived{.counter = counter_index(WireCounter::arrived), .value = to + 1, .wake = true};
  if (!link_->post(std::span(puts).first(first == to - flushed_ ? 1 : 2), arrived)) return false;
  flushed_ = to;
  return true;
}

bool ReaderPeer::tell(WireCounter counter, News& news, bool attend) noexcept {
  if (news.told == news.value) return true;
  const Signal signal{.counter = counter_index(counter), .value = *news.value + 1, .wake = !attend, .attend = attend};
  if (!link_->post({}, signal)) return false;
  news.told = news.value;
  return true;
}

std::string ReaderPeer::who() const {
  return "receiver " + (answer_.name.empty() ? "" : answer_.name + " ") + "(" + link_->peer().name + ")";
}

}  // namespace psyne::inline v0
