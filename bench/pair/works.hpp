#pragma once

#include "pair/cell.hpp"
#include "pair/control.hpp"
#include "pair/in_place.hpp"
#include "pair/latency.hpp"
#include "pair/stream.hpp"

#include <optional>

namespace psyne::bench {

/// Runs this side's part of a work that has lead() and follow(); the leader gets its result, the follower nothing.
template <class Running>
double take_part(Running running, Side side) {
  if (side == Side::leader) return running.lead();
  running.follow();
  return 0;
}

/// Bytes a nanosecond, which is GB/s; or messages a microsecond, which is M/s.
inline double in_unit(const Cell& cell, double messages_per_nanosecond) noexcept {
  const double scale = cell.work == Work::messages ? 1e3 : static_cast<double>(cell.size);
  return messages_per_nanosecond * scale;
}

/// One cell with a peer that has what latency.hpp and stream.hpp ask for, and flight(size) for in_place.hpp where its
/// messages may be written and read without a user's buffer. Nothing for a work that no peer has by having these.
template <class Peer>
std::optional<double> measure_peer(Peer& peer, const Cell& cell, Side side, Control& control) {
  switch (cell.work) {
    case Work::latency:
    case Work::blocking_latency: return take_part(Latency<Peer>(peer, cell, control), side);
    case Work::stream:
    case Work::messages: return in_unit(cell, take_part(Stream<Peer>(peer, cell, control), side));
    case Work::in_place:
      if constexpr (requires { peer.flight(cell.size); }) {
        return in_unit(cell, take_part(InPlace(peer.flight(cell.size), cell, control), side));
      } else {
        return in_unit(cell, take_part(InPlace(BufferFlight<Peer>(peer, cell), cell, control), side));
      }
    default: return std::nullopt;
  }
}

}  // namespace psyne::bench
