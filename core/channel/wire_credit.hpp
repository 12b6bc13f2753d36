#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/channel/wire_counters.hpp>
#include <psyne/core/transport/link.hpp>

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <utility>

namespace psyne::inline v0 {

/// What the reader of a lane that is not mapped tells back: which records are the writer's again, and that it goes.
/// Any thread: views are released by any, and the service thread tells what a full queue turned away.
///
/// A credit for each release would be a message for each message: they are gathered until they are a quarter of the
/// ring, and then go when the reader has nothing better to do, which is to answer what it has read: when it looks for
/// more. Where it takes and answers one message after the other, that look is in somebody's way as well (4 us of 9 for
/// 64 KiB): so only what comes in strides is told at a quarter, and else three eighths. These go at once, for a sender
/// that never waits has so much less room meanwhile, and so does whatever the sender asks for. It asks by its counter
/// before it rings us: either settle() sees a release, or the release sees that it asks.
///
/// A release that tells nothing is a store and three loads: a lock for each was 44 % of a receiver's time at 19 M
/// messages a second.
template <class Link = psyne::Link, class Mutex = std::mutex, class Atomics = StandardAtomics>
class WireCredit {
 public:
  /// `ring`: how many bytes it has.
  explicit WireCredit(std::uint64_t ring) noexcept
      : stride_(ring / 8), gathered_(ring / 8 * 2), urgent_(ring / 8 * 3) {}

  /// Once, before all else.
  void connect(Link& link) noexcept { link_ = &link; }

  /// The reader looks for more: moves what is under way.
  void progress() noexcept {
    const std::lock_guard<Mutex> lock(mutex_);
    static_cast<void>(link_->progress());
    const std::uint64_t cursor = released();
    const bool in_strides = cursor - std::exchange(looked_at_, cursor) >= stride_;
    if (cursor - told() >= (in_strides ? gathered_ : urgent_)) tell();
  }

  /// What is before `cursor` is released: tells it now, or soon. By one thread at a time, and the cursor grows.
  void release(std::uint64_t cursor) noexcept {
    released_.store(cursor, std::memory_order_release);
    Atomics::light_barrier();  // pairs with the heavy barrier in settle()
    const std::uint64_t told = this->told();
    const auto has_reached = [=](std::uint64_t plus_one) { return told + 1 < plus_one && plus_one <= cursor + 1; };
    if (cursor < told + urgent_ && !has_reached(counter(WireCounter::asked)) &&
        !has_reached(counter(WireCounter::hinted))) {
      return;
    }
    const std::lock_guard<Mutex> lock(mutex_);
    tell();
  }

  /// Tells what was gathered.
  void settle() noexcept {
    const std::lock_guard<Mutex> lock(mutex_);
    // A release that is not seen here, and would be enough, sees the question.
    if (released() + 1 < counter(WireCounter::asked)) Atomics::heavy_barrier();
    tell();
  }

  /// See Link::resumed: all that is told here is told again by the link.
  bool resumed() noexcept {
    const std::lock_guard<Mutex> lock(mutex_);
    return link_->resumed(counter_index(WireCounter::credit)).has_value();
  }

  /// The sender has closed: what is before `taken` is given back at once, views of it included, which lie in our copy
  /// of the ring. True when it has been told, or is gone; else it will be, by settle().
  bool finish(std::uint64_t taken) noexcept {
    const std::lock_guard<Mutex> lock(mutex_);
    taken_ = taken;
    static_cast<void>(link_->progress());
    finished_ = tell() || link_->peer_state() != PeerState::alive;
    return finished_;
  }

  /// Tells the sender that we go, and had taken what is before `taken`. Views stay: nothing is given back. True when it
  /// has been told, knows enough, or is gone; else to be tried again.
  bool leave(std::uint64_t taken) noexcept {
    const std::lock_guard<Mutex> lock(mutex_);
    static_cast<void>(link_->progress());
    if (finished_ || link_->peer_state() != PeerState::alive) return true;
    return link_->post({}, {.counter = counter_index(WireCounter::left), .value = taken + 1}).has_value();
  }

 private:
  // Acquire: what the releasing thread read of the records comes before the sender's writing over them.
  std::uint64_t released() const noexcept { return std::max(released_.load(std::memory_order_acquire), taken_); }
  std::uint64_t told() const noexcept { return told_.load(std::memory_order_relaxed); }
  std::uint64_t counter(WireCounter counter) const noexcept { return link_->counter(counter_index(counter)); }

  bool tell() noexcept {
    const std::uint64_t cursor = released();
    if (cursor == told()) return true;
    const Signal credit{.counter = counter_index(WireCounter::credit), .value = cursor + 1, .wake = true};
    if (!link_->post({}, credit)) return false;
    told_.store(cursor, std::memory_order_relaxed);
    return true;
  }

  const std::uint64_t stride_;
  const std::uint64_t gathered_;
  const std::uint64_t urgent_;
  Link* link_ = nullptr;
  typename Atomics::template Atomic<std::uint64_t> released_{0};
  typename Atomics::template Atomic<std::uint64_t> told_{0};  // stored under the mutex
  Mutex mutex_;                                               // guards the rest, and the link's posts
  std::uint64_t taken_ = 0;                                   // all before it is given back, released or not
  std::uint64_t looked_at_ = 0;                               // the cursor as of the last look for more
  bool finished_ = false;
};

}  // namespace psyne::inline v0
