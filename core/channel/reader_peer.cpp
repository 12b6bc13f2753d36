#include <psyne/core/channel/reader_peer.hpp>

#include <algorithm>
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
  const auto* consumer =
      link_->capabilities().mapped ? reinterpret_cast<const ConsumerBlock<>*>(remote_.map().data()) : nullptr;
  from_ = flushed_ = outlet_->oldest();
  if (consumer != nullptr) {
    outlet_->join(consumer, *this);
    outlet_->block().joined_at[number_].store(from_ + 1, std::memory_order_release);
  } else {
    tell(WireCounter::joined_at, from_);
    outlet_->join(nullptr, *this);
  }
  link_->wake();
}

std::uint64_t ReaderPeer::leave(bool again) {
  outlet_->block().joined_at[number_].store(0, std::memory_order_relaxed);
  return outlet_->leave(*this, again);
}

void ReaderPeer::close() {
  if (!link_->capabilities().mapped) tell(WireCounter::closed_at, outlet_->position());
  link_->wake();
}

// What does not go now goes with the next flush: the queue is full, and whoever waits for room flushes again.
void ReaderPeer::flush(std::uint64_t position) noexcept {
  if (flushed_ == position) return;
  const Signal arrived{.counter = counter_index(WireCounter::arrived), .value = position + 1, .wake = true};
  if (put(flushed_, position, arrived)) flushed_ = position;
}

std::uint64_t ReaderPeer::credit() noexcept {
  static_cast<void>(link_->progress());
  flush(outlet_->position());
  const std::uint64_t told = link_->counter(counter_index(WireCounter::credit));
  return told == 0 ? from_ : told - 1;
}

bool ReaderPeer::put(std::uint64_t from, std::uint64_t to, const Signal& signal) {
  const std::uint64_t begin = from & (capacity_ - 1);
  const std::uint64_t first = std::min(to - from, capacity_ - begin);
  const std::byte* ring = outlet_->ring();
  const std::array<Put, 2> puts{Put{.local = {ring + begin, first}, .remote = &remote_, .offset = begin},
                                Put{.local = {ring, to - from - first}, .remote = &remote_, .offset = 0}};
  return link_->post(std::span(puts).first(first == to - from ? 1 : 2), signal).has_value();
}

void ReaderPeer::tell(WireCounter counter, std::uint64_t value) {
  static_cast<void>(link_->post({}, {.counter = counter_index(counter), .value = value + 1, .wake = true}));
}

std::string ReaderPeer::who() const {
  return "receiver " + (answer_.name.empty() ? "" : answer_.name + " ") + "(" + link_->peer().name + ")";
}

}  // namespace psyne::inline v0
