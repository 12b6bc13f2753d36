#pragma once

#include <psyne/core/copy/copy.hpp>
#include <psyne/core/lane/lane_reader.hpp>
#include <psyne/core/park/patience.hpp>

#include <algorithm>
#include <cstddef>
#include <span>

namespace psyne::inline v0 {

/// Copies one message out of a lane into a user's buffer, beginning while its sender still copies it in. The receiver's
/// thread.
class CopyOut {
 public:
  explicit CopyOut(std::span<std::byte> buffer) noexcept : buffer_(buffer) {}

  /// Follows the sender until the message is committed. False when nothing came for as long as `patience` lasts, or
  /// there is something else to be seen at this lane: what was copied is forgotten, another lane's message may be next.
  template <class Records, class Atomics>
  bool follow(LaneReader<Records, Atomics>& reader, const Patience& patience) noexcept {
    done_ = expected_ = 0;
    Look look = Look::empty;
    const auto came = [&] {
      look = reader.look();
      return look != Look::empty || take(reader.under_way());
    };
    for (std::size_t before = 1; before != done_ && look == Look::empty;) {
      before = done_;
      if (!came()) look_patiently<Atomics>(came, no_deadline, patience);  // with no patience it would not look at all
    }
    if (look != Look::record) return false;
    if (reader.front().size() != expected_) done_ = 0;
    return true;
  }

  /// The rest, after follow() returned true and the message proved to fit.
  void finish(std::span<const std::byte> payload) noexcept {
    copy_out(buffer_.data() + done_, payload.data() + done_, payload.size() - done_);
  }

 private:
  // Copies what came since; true when something did.
  template <class UnderWay>
  bool take(const UnderWay& under_way) noexcept {
    const std::size_t filled = under_way.filled.size();
    if (under_way.bytes > buffer_.size() || filled <= done_) return false;
    copy_out(buffer_.data() + done_, under_way.filled.data() + done_, filled - done_);
    done_ = filled;
    expected_ = under_way.bytes;
    return true;
  }

  std::span<std::byte> buffer_;
  std::size_t done_ = 0;
  std::size_t expected_ = 0;
};

}  // namespace psyne::inline v0
