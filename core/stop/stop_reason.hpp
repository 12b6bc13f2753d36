#pragma once

#include <psyne/core/result/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace psyne::inline v0 {

/// Why work is to end early.
enum class StopReason : std::uint8_t {
  user,      ///< somebody asked for it
  deadline,  ///< the deadline of the source came
  parent,    ///< that of which this is a part stops
  shutdown,  ///< the process, pool or service closes
  error,     ///< a sibling failed, so the result is not wanted any more
};

/// The name of a reason as written above.
std::string_view name(StopReason reason) noexcept;

/// The error with which a wait or an operation ends that was stopped: Code::timed_out when the reason is a deadline,
/// else Code::stopped. `what` begins the sentence ("cannot receive from ipc://ticks"); `text` is the requester's own.
Error stop_error(StopReason reason, std::string_view text, std::string what);

/// What a stopped source keeps for its tokens.
struct StopCause {
  StopReason reason;
  std::string_view text;

  /// The shared constant for a reason without words.
  static const StopCause& plain(StopReason reason) noexcept;
};

/// A cause with words of its own.
struct OwnedStopCause : StopCause {
  OwnedStopCause(StopReason why, std::string words) : StopCause{why, {}}, own_text(std::move(words)) {
    text = own_text;
  }
  OwnedStopCause(const OwnedStopCause&) = delete;
  OwnedStopCause& operator=(const OwnedStopCause&) = delete;
  ~OwnedStopCause() = default;

  const std::string own_text;
};

}  // namespace psyne::inline v0
