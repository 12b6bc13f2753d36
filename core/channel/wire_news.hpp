#pragma once

#include <psyne/core/channel/wire_counters.hpp>
#include <psyne/core/transport/link.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>

namespace psyne::inline v0 {

/// What the writer of a lane that is not mapped tells its reader. That is state, each part of which only grows: where
/// the reader begins, up to where records are written, which credit is waited for, where the lane ends. carry() tells
/// what is not told yet, in this order, until the link's queue is full; what is left goes with the next carry(), in its
/// newest value: at a commit, at a look for credit, or when the link's service bell rings. So nothing waits for the
/// sender's next call.
///
/// All members inside the sender's gate.
template <class Link = psyne::Link>
class WireNews {
 public:
  explicit WireNews(Link& link) noexcept : link_(&link) {}

  /// The reader begins at `from`. Nothing is told before.
  void begin(std::uint64_t from) noexcept { joined_at_.value = flushed_ = from; }
  /// No record begins at or after `position`.
  void close(std::uint64_t position) noexcept { closed_at_.value = position; }

  /// The reader's cursor as far as it came back. Where that is before `needed` and it is time to `ask`, that is to be
  /// asked for: carry() next.
  std::uint64_t credit(std::uint64_t needed, bool ask) noexcept {
    const std::uint64_t cursor = released();
    if (ask && cursor < needed && asked_.value < needed) asked_.value = needed;
    return cursor;
  }

  /// That its reader is to give credit once it has released what is before `position`, which ends a post: as a signal
  /// of that. Whether it arrives does not matter. Who waits may ask for less: that is a counter of its own, for none
  /// goes back.
  static Signal hint(std::uint64_t position) noexcept {
    return {.counter = counter_index(WireCounter::hinted), .value = position + 1};
  }

  /// Tells what is new, where records are written up to `position`. `put(from, to, signal)` posts them, and says
  /// whether there was room.
  template <class PutRecords>
  void carry(std::uint64_t position, PutRecords&& put) noexcept {
    if (!joined_at_.value) return;  // it is not let in yet
    if (tell(WireCounter::joined_at, joined_at_) && tell_records(position, put) &&
        tell(WireCounter::asked, asked_, true)) {
      tell(WireCounter::closed_at, closed_at_);
    }
  }

  /// The link goes on by another connection, and the reader's counter of what arrived is that: what lies behind it is
  /// told again by the next carry(). False where no reader can say so.
  bool tell_again(std::uint64_t arrived_plus_one) noexcept {
    if (!joined_at_.value) return arrived_plus_one == 0;
    const std::uint64_t begin = *joined_at_.value;
    const std::uint64_t arrived = arrived_plus_one == 0 ? begin : arrived_plus_one - 1;
    // The ring has nothing any more of what is before its credit.
    const std::uint64_t credit = link_->counter(counter_index(WireCounter::credit));
    if (arrived < (credit == 0 ? begin : credit - 1) || arrived > flushed_) return false;
    flushed_ = arrived;
    return true;
  }

  /// The reader's cursor as far as it came back.
  std::uint64_t released() const noexcept {
    const std::uint64_t plus_one = link_->counter(counter_index(WireCounter::credit));
    return plus_one == 0 ? *joined_at_.value : plus_one - 1;
  }
  /// Records before it went over.
  std::uint64_t flushed() const noexcept { return flushed_; }
  /// Whether all is told.
  bool carried(std::uint64_t position) const noexcept {
    return joined_at_.told && flushed_ == position && closed_at_.told == closed_at_.value;
  }

  /// What is before may have been handed to the reader's program; where it said what was, just that.
  std::uint64_t reached() const noexcept {
    const std::uint64_t plus_one = link_->counter(counter_index(WireCounter::left));
    return plus_one == 0 ? flushed_ : std::min(plus_one - 1, flushed_);
  }

 private:
  /// Something that is to be told once it is there, and again whenever it has changed.
  struct News {
    std::optional<std::uint64_t> value;
    std::optional<std::uint64_t> told;
  };

  template <class PutRecords>
  bool tell_records(std::uint64_t position, PutRecords& put) noexcept {
    if (flushed_ == position) return true;
    if (!put(flushed_, position,
             Signal{.counter = counter_index(WireCounter::arrived), .value = position + 1, .wake = true})) {
      return false;
    }
    flushed_ = position;
    return true;
  }

  bool tell(WireCounter counter, News& news, bool attend = false) noexcept {
    if (news.told == news.value) return true;
    const Signal signal{.counter = counter_index(counter), .value = *news.value + 1, .wake = !attend, .attend = attend};
    if (!link_->post({}, signal)) return false;
    news.told = news.value;
    return true;
  }

  Link* link_;
  News joined_at_;
  News asked_;
  News closed_at_;
  std::uint64_t flushed_ = 0;
};

}  // namespace psyne::inline v0
