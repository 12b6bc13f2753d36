#pragma once

#include "pair/one_way.hpp"
#include "pair/payload.hpp"

#include <algorithm>

namespace psyne::bench {

/// How many in flight suited UCX, Open MPI and libfabric best of 1, 2, 3, 4, 8, 16 and 64, with buffers that the cache
/// still holds: 1 MiB streams 12.5 to 13 GB/s with 2 buffers, 6 with 16; filled and read, 2 to 3 GB/s with 2 buffers
/// and 5 to 6 with 16, because dirty lines come faster from the shared cache than from another core's.
inline std::size_t polled_window(const Cell& cell) noexcept {
  if (cell.work == Work::messages) return 64;
  return cell.work == Work::stream ? 2 : 16;
}

/// One way, several in flight, each copied out of a user's buffer and into another: messages a nanosecond.
///
/// `Peer` has window(cell), how many may be in flight, and for each slot below it start_send(slot, span) and
/// finish_send(slot), start_receive(slot, span) and finish_receive(slot). A slot's buffer is the user's again when its
/// operation was finished; a peer that copies at once does all in start_send or in finish_receive.
template <class Peer>
class Stream {
 public:
  Stream(Peer& peer, const Cell& cell, Control& control)
      : peer_(peer), cell_(cell), control_(control), window_(peer.window(cell)), buffers_(window_, cell.size) {}

  double lead() {
    return lead_one_way(cell_, control_, [this](std::uint64_t count) { send(count); });
  }

  void follow() {
    follow_one_way(
        control_,
        [this](std::uint64_t count) {
          for (std::size_t slot = 0; slot < std::min<std::uint64_t>(window_, count); ++slot) {
            peer_.start_receive(slot, buffers_[slot]);
          }
        },
        [this](std::uint64_t count) { receive(count); });
  }

 private:
  void send(std::uint64_t count) {
    std::size_t slot = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
      if (i >= window_) peer_.finish_send(slot);
      stamp(buffers_[slot], i);
      peer_.start_send(slot, buffers_[slot]);
      if (++slot == window_) slot = 0;
    }
    for (std::size_t left = 0; left < std::min<std::uint64_t>(window_, count); ++left) peer_.finish_send(left);
  }

  void receive(std::uint64_t count) {
    std::size_t slot = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
      peer_.finish_receive(slot);
      check_stamp(buffers_[slot], i);
      if (i + window_ < count) peer_.start_receive(slot, buffers_[slot]);
      if (++slot == window_) slot = 0;
    }
  }

  Peer& peer_;
  const Cell cell_;
  Control& control_;
  const std::size_t window_;
  Buffers buffers_;
};

}  // namespace psyne::bench
