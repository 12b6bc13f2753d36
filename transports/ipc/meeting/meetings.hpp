#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/transport/transport.hpp>
#include <psyne/transports/ipc/place/place.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace psyne::inline v0 {

/// The handshakes under way of one presence: moves each when its socket has something, ends those that stall. Bounded,
/// so that a flood of connections costs a bounded number of descriptors and pages; who comes then waits in the kernel's
/// queue.
///
/// Service thread only.
class Meetings {
 public:
  static constexpr std::size_t most = 64;
  /// A peer answers within microseconds unless it is stopped or malicious.
  static constexpr auto patience = std::chrono::seconds(5);

  /// How one ended, for whoever began it.
  enum class Outcome : std::uint8_t { linked, refused, broken };
  using Ended = std::function<void(Outcome)>;

  Meetings(Side side, Host& host, const Place& place);
  ~Meetings();

  bool full() const noexcept { return meetings_.size() >= most; }
  /// Starts one over a connected socket. `ended` is called once, perhaps before this returns.
  void begin(Descriptor socket, Ended ended);

  /// When end_stalled() should be called next.
  Deadline next_deadline() const noexcept;
  void end_stalled(Deadline now);

 private:
  class Meeting;
  void finish(Meeting& meeting, Outcome outcome);

  Side side_;
  Host& host_;
  const Place& place_;
  std::vector<std::unique_ptr<Meeting>> meetings_;
};

}  // namespace psyne::inline v0
