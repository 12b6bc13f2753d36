#pragma once

#include <psyne/core/atomics/atomics.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace psyne::inline v0 {

/// When a lane that is not mapped posts, and asks: whether a record that was just committed goes at once, or is left
/// for the service thread to post soon, with all that is committed until then.
///
/// A post over a socket costs a microsecond or more, a record 30 ns: who sends many small ones in a row would be slowed
/// by a factor of 20, and who sends one must not wait. So the first few are posted at once, as is what comes after a
/// pause; in a stream of them the service thread is called once, and takes what has gathered by the time that it comes.
///
/// All members inside the sender's gate.
class Gathering {
 public:
  /// So many bytes are worth a post of their own.
  static constexpr std::uint64_t enough = std::uint64_t{16} << 10U;
  /// Posts in a row before it is a stream.
  static constexpr std::uint32_t few = 4;
  static constexpr std::uint32_t looks_between_asks = 64;

  /// `post_cost`: what a post takes; zero where it is a store, and nothing is gathered.
  explicit Gathering(std::chrono::nanoseconds post_cost) noexcept : pause_(2 * post_cost) {}

  enum class Verdict : std::uint8_t {
    post,   ///< now
    call,   ///< the service thread is to be called
    called  ///< it has been, and will come
  };
  /// `waiting`: bytes that are committed and not posted.
  template <class Now>
  Verdict judge(std::uint64_t waiting, const Now& now) noexcept {
    if (pause_ == Clock::duration::zero() || waiting >= enough) return Verdict::post;
    if (called_) return Verdict::called;
    const Deadline committed_at = now();
    const bool after_pause = committed_at - last_ > pause_;
    last_ = committed_at;
    in_row_ = after_pause ? 0 : in_row_ + 1;
    if (in_row_ < few) return Verdict::post;
    called_ = true;
    return Verdict::call;
  }

  /// Whether a writer that finds no room is to ask for some. A reader that goes on gives credit by itself, an eighth of
  /// the ring at a time: to ask whenever a record is in the way would be two posts for each (0.2 M messages a second
  /// over TCP). So it asks when it goes to sleep, and at every 64th look.
  bool ask(bool goes_to_sleep) noexcept {
    return pause_ == Clock::duration::zero() || goes_to_sleep || ++looks_ % looks_between_asks == 0;
  }

  /// All has been posted, or as much as there was room for.
  void posted() noexcept { called_ = false; }

 private:
  const Clock::duration pause_;
  Deadline last_{};
  std::uint32_t in_row_ = 0;
  std::uint32_t looks_ = 0;
  bool called_ = false;
};

}  // namespace psyne::inline v0
