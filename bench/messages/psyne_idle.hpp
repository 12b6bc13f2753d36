#pragma once

#include "pair/cell.hpp"
#include "pair/control.hpp"

#include <cstddef>
#include <string>

namespace psyne::bench {

/// What the follower's process uses while `links` senders of the leader are connected to its receiver and it is blocked
/// in receive(), all its threads counted: idle_wakes, or else percent of a core.
double measure_idle(const std::string& scheme, std::size_t links, const Cell& cell, Side side, Control& control);

/// KiB that lie in memory in both processes together for one more sender of the leader that is connected to the
/// follower's receiver and has sent one message: the mean of `links`. Options are the defaults.
double measure_memory_of_links(const std::string& scheme, std::size_t links, Side side, Control& control);

/// KiB of both processes for one more lane, less its ring: the mean of 32 lanes whose rings were written and read
/// whole.
double measure_memory_of_lanes(const std::string& scheme, Side side, Control& control);

}  // namespace psyne::bench
