#pragma once

#include <psyne/core/transport/redirect.hpp>
#include <psyne/transports/stream/link/frame.hpp>
#include <psyne/transports/stream/link/frame_sink.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace psyne::inline v0 {

/// Which put of a region lands elsewhere, and how far it is. By who reads the stream.
class Redirection {
 public:
  /// From now on, in place of another.
  void begin(std::uint64_t region, const Redirect& redirect) noexcept {
    region_ = region;
    wanted_ = redirect;
    put_.reset();
    landed_ = false;
  }
  void end() noexcept { begin(0, {}); }
  /// What was under way will not be whole: it comes anew, or in another way.
  void lost() noexcept {
    if (!landed_) put_.reset();
  }

  /// A put of the peer's comes: where it lands, or nothing where it goes into its region.
  std::optional<std::span<std::byte>> place(const Frame& put) noexcept {
    const bool takes = put.generation == region_ && !put_ && put.length <= wanted_.into.size() &&
                       std::ranges::find(wanted_.offsets, put.offset) != wanted_.offsets.end();
    if (!takes) return {};
    put_ = put;
    likely_ = true;
    return wanted_.into.first(put.length);
  }
  /// It has come whole, and so has all before it.
  void came(const Frame& put) noexcept {
    if (region_ == 0) return;
    if (put_ && !landed_) {
      landed_ = put.offset == put_->offset && put.length == put_->length;
    } else if (put.counter != Frame::no_counter) {
      likely_ = false;  // something else was waited for
    }
  }

  /// What will be read next, if the next message comes as the last one did.
  FrameSink::Guess guess() const noexcept {
    if (!guesses()) return {};
    return {.before = (wanted_.puts_before + 1) * sizeof(Frame) + wanted_.bytes_before, .into = wanted_.into};
  }
  bool guesses() const noexcept { return likely_ && region_ != 0 && !put_; }

  /// The put that lands there, and whether all of it has.
  const std::optional<Frame>& put() const noexcept { return put_; }
  bool landed() const noexcept { return landed_; }
  /// What has landed, once all of it has.
  std::span<const std::byte> bytes() const noexcept { return wanted_.into.first(put_->length); }

 private:
  std::uint64_t region_ = 0;  // 0: none
  Redirect wanted_;
  std::optional<Frame> put_;
  bool landed_ = false;
  bool likely_ = false;  // the last one that was waited for came so
};

}  // namespace psyne::inline v0
