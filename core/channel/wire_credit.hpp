#pragma once

#include <psyne/core/channel/wire_counters.hpp>
#include <psyne/core/transport/link.hpp>

#include <algorithm>
#include <cstdint>
#include <mutex>

namespace psyne::inline v0 {

/// What the reader of a lane that is not mapped tells back: which records are the writer's again, and that it goes.
/// Any thread: views are released by any, and the service thread tells what a full queue turned away.
///
/// A credit for each release would be a message for each message: they are gathered until they are an eighth of the
/// ring, and then go when the reader has nothing better to do, which is to answer what it has read: when it looks for
/// more. Three eighths go at once, for a sender that never waits has so much less room meanwhile, and so does whatever
/// the sender asks for. It asks by its counter before it rings us: either settle() sees a release, or the release sees
/// that it asks.
template <class Link = psyne::Link, class Mutex = std::mutex>
class WireCredit {
 public:
  /// `ring`: how many bytes it has.
  explicit WireCredit(std::uint64_t ring) noexcept : gathered_(ring / 8), urgent_(ring / 8 * 3) {}

  /// Once, before all else.
  void connect(Link& link) noexcept { link_ = &link; }

  /// The reader looks for more: moves what is under way.
  void progress() noexcept {
    const std::lock_guard<Mutex> lock(mutex_);
    static_cast<void>(link_->progress());
    if (released_ - told_ >= gathered_) tell();
  }

  /// What is before `cursor` is released: tells it now, or soon.
  void release(std::uint64_t cursor) noexcept {
    const std::lock_guard<Mutex> lock(mutex_);
    released_ = std::max(released_, cursor);
    const std::uint64_t asked_plus_one = link_->counter(counter_index(WireCounter::asked));
    const bool asked = told_ + 1 < asked_plus_one && asked_plus_one <= released_ + 1;
    if (asked || released_ - told_ >= urgent_) tell();
  }

  /// Tells what was gathered.
  void settle() noexcept {
    const std::lock_guard<Mutex> lock(mutex_);
    tell();
  }

  /// The sender has closed: what is before `taken` is given back at once, views of it included, which lie in our copy
  /// of the ring. True when it has been told, or is gone; else it will be, by settle().
  bool finish(std::uint64_t taken) noexcept {
    const std::lock_guard<Mutex> lock(mutex_);
    released_ = std::max(released_, taken);
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
  bool tell() noexcept {
    if (released_ == told_) return true;
    const Signal credit{.counter = counter_index(WireCounter::credit), .value = released_ + 1, .wake = true};
    if (!link_->post({}, credit)) return false;
    told_ = released_;
    return true;
  }

  const std::uint64_t gathered_;
  const std::uint64_t urgent_;
  Link* link_ = nullptr;
  Mutex mutex_;  // guards all below, and the link's posts
  std::uint64_t released_ = 0;
  std::uint64_t told_ = 0;
  bool finished_ = false;
};

}  // namespace psyne::inline v0
