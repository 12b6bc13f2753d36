#pragma once

#include <psyne/core/transport/transport.hpp>

namespace psyne::inline v0 {

/// sim://NAME: ends in one process that do not share memory but meet over a simulated network, for tests: seeded
/// delays, cuts and deaths (sim_settings.hpp), chosen by the offering side's options. Each link of the process draws
/// from its own seed, the given one and the link's number.
Transport& sim_transport();

}  // namespace psyne::inline v0
