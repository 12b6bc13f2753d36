#pragma once

#include <psyne/core/atomics/atomics.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace psyne::inline v0 {

/// When a sender over links that are not mapped posts, and asks for room. One for all its lanes: posting takes the time
/// of its one thread.
///
/// A post over a socket costs microseconds, a record 30 ns: who sends many small ones in a row would be slowed by a
/// factor of 50, and who sends one must not wait. So in a stream of records posting has a fifth of the thread's time:
/// after a post they gather for four times as long as it took. What comes more slowly than posts take goes at once, and
/// so do the first few of a burst.
///
/// What has gathered when the stream ends is nobody's next commit. So while something waits the service thread comes
/// by, and posts it when it finds that the thread has done nothing since it looked last. After 20 us, then less and
/// less often. It must not mistake a post of 1 MiB, or waiting for room, for the end: it would post what gathers, and
/// begin anew with 20 us (64 KiB: 0.59 of a raw socket in place of 0.85).
///
/// All members inside the sender's gate, but for goes_on(), which the service thread asks.
class Gathering {
 public:
  /// So many bytes are worth a post of their own, where the ring is small or large; else an eighth of it. TCP pays by
  /// the packet, and a message of 64 KiB takes two, the second for its last few bytes.
  static constexpr std::uint64_t least_enough = std::uint64_t{64} << 10U;
  static constexpr std::uint64_t most_enough = std::uint64_t{192} << 10U;
  /// Of what is lent a quarter of the ring: it costs no copy, and nobody waits for the sender to be done with it.
  static constexpr std::uint64_t most_enough_lent = std::uint64_t{1} << 20U;
  /// By how much posting may exceed its share before anything gathers: a dozen small posts.
  static constexpr std::chrono::microseconds ahead{100};
  /// What comes further apart is no stream, however long posts take: an answer to 64 KiB comes after 10 us, which is
  /// what its post takes.
  static constexpr std::chrono::microseconds longest_gap{5};
  /// A post that takes longer was interrupted: such time is nobody's cost.
  static constexpr std::chrono::microseconds longest_post{25};
  /// Posting has one part of so many.
  static constexpr int share = 5;
  static constexpr std::chrono::microseconds first_look{20};
  static constexpr std::chrono::microseconds last_look{400};
  /// A look at the clock takes as long as a record (25 ns): in a stream all these but one go without.
  static constexpr std::uint32_t most_unlooked = 15;
  static constexpr std::uint32_t looks_between_asks = 64;

  /// `ring`: how many bytes the ring of a lane has.
  explicit Gathering(std::uint64_t ring) noexcept
      : enough_(std::clamp(ring / 8, least_enough, most_enough)),
        enough_lent_(std::clamp(ring / 4, enough_, most_enough_lent)) {}

  std::uint64_t enough(bool lent = false) const noexcept { return lent ? enough_lent_ : enough_; }
  /// A link has come by which a post is more than a store. Before this nothing is gathered.
  void begin() noexcept { gathers_ = true; }
  bool gathers() const noexcept { return gathers_; }

  /// A record was committed, and `waiting` bytes of its lane are not posted: whether it is left without a look at the
  /// clock. The service thread is called already. `lent`: some of it.
  bool leave(std::uint64_t waiting, bool lent) noexcept {
    acted();
    if (unlooked_ == 0 || waiting >= enough(lent) || !called_) return false;
    --unlooked_;
    return true;
  }
  /// Whether so many bytes are to be posted where it is `now`. `behind`: their reader has more before it still, so that
  /// nothing comes later for waiting.
  bool posts(std::uint64_t waiting, bool lent, bool behind, Deadline now) const noexcept {
    const bool slower_than_posts = now - committed_ > std::min<Clock::duration>(post_, longest_gap);
    return slower_than_posts || waiting >= enough(lent) || (!behind && free_ <= now + ahead);
  }
  /// It was not, and it is `now`: whether to post them.
  bool due(std::uint64_t waiting, bool lent, bool behind, Deadline now) noexcept {
    const bool posting = posts(waiting, lent, behind, now);
    committed_ = now;
    return posting;
  }
  /// Whether what is committed `now` belongs to a stream.
  bool streams(Deadline now) const noexcept { return now - committed_ <= longest_gap; }
  /// Until `now` it waited for its reader, which is no pause of the program's.
  void waited(Deadline now) noexcept { committed_ = now; }
  /// That was done.
  void posted(Deadline began, Deadline ended) noexcept {
    post_ = std::min<Clock::duration>(ended - began, longest_post);
    free_ = std::min(std::max(free_, began) + share * post_, ended + ahead + share * longest_post);
    committed_ = ended;  // what took the post is no pause of the program's
    unlooked_ = looks_ahead_ = 0;
  }
  /// It was not: whether the service thread is to be asked to come, after `first_look`.
  bool call() noexcept {
    unlooked_ = looks_ahead_ = std::min(2 * looks_ahead_ + 1, most_unlooked);
    return !std::exchange(called_, true);
  }

  /// The service thread, having come: when to look again, where this thread has done something since the last look, or
  /// is `busy` with it.
  std::optional<std::chrono::nanoseconds> goes_on(bool busy) noexcept {
    const std::uint32_t acts = acts_.load(std::memory_order_relaxed);
    if (std::exchange(seen_, acts) == acts && !busy) return {};
    pause_ = std::min<std::chrono::nanoseconds>(2 * pause_, last_look);
    return pause_;
  }
  /// It has not, and what waited was posted for it: the service thread comes when it is called again.
  void rest() noexcept {
    called_ = false;
    pause_ = first_look;
  }

  /// Whether a writer that finds no room is to ask for some. A reader that goes on gives credit by itself, a quarter of
  /// the ring or more at a time: to ask whenever a record is in the way would be two posts for each (0.2 M messages a
  /// second over TCP). So it asks when it goes to sleep, and at every 64th look.
  bool ask(bool goes_to_sleep) noexcept {
    acted();
    return !gathers_ || goes_to_sleep || ++looks_ % looks_between_asks == 0;
  }

 private:
  void acted() noexcept { acts_.store(acts_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); }

  const std::uint64_t enough_;
  const std::uint64_t enough_lent_;
  bool gathers_ = false;
  bool called_ = false;
  std::uint32_t unlooked_ = 0;     // records that go without a look from here on
  std::uint32_t looks_ahead_ = 0;  // what that was set to
  Deadline committed_{};           // as of the last look
  Deadline free_{};                // when posting will have had no more than its share
  Clock::duration post_{0};
  std::uint32_t looks_ = 0;
  std::atomic<std::uint32_t> acts_{0};  // the sender's thread writes; what it guards lies behind the gate
  std::uint32_t seen_ = 0;              // these two between call() and rest() the service thread's
  std::chrono::nanoseconds pause_ = first_look;
};

}  // namespace psyne::inline v0
