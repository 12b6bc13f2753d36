#pragma once

#include <psyne/core/channel/receiver_state.hpp>

#include <cstddef>
#include <span>

namespace psyne::inline v0 {

/// Has a receiver's next message read straight into a user's buffer where its link can do so, for as long as this
/// lives: 1 MiB over TCP saves a copy out of 40 us in 160. The receiver's thread.
template <class Records>
class ReceiveBuffer {
 public:
  /// Below, what it saves is what it costs.
  static constexpr std::size_t shortest = std::size_t{32} << 10U;

  ReceiveBuffer(ReceiverState<Records>& state, std::span<std::byte> buffer) : state_(state) {
    if (buffer.size() >= shortest) state_.redirect(buffer);
  }
  ~ReceiveBuffer() { state_.end_redirect(); }
  ReceiveBuffer(const ReceiveBuffer&) = delete;
  ReceiveBuffer& operator=(const ReceiveBuffer&) = delete;

 private:
  ReceiverState<Records>& state_;
};

}  // namespace psyne::inline v0
