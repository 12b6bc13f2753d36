#pragma once

#include <psyne/core/transport/transport.hpp>
#include <psyne/transports/sim/sim_time.hpp>

namespace psyne::inline v0 {

/// sim://NAME: ends in one process that do not share memory but meet over a simulated network, for tests: seeded
/// delays, cuts and deaths (sim_settings.hpp), chosen by the offering side's options. Each link of a sender draws from
/// a seed of its own, which follows from the given one and the link's number among them.
Transport& sim_transport();

/// Links of sim:// that are made from now on live in `time`, which outlives them; at first in real_time(). For tests: a
/// VirtualTime passes only when the test steps it. Any thread.
void simulate_in(SimTime& time);

}  // namespace psyne::inline v0
