#pragma once

#include <psyne/core/transport/transport.hpp>

namespace psyne::inline v0 {

/// memory://NAME: ends in one process. Presences meet in a table of names that only the service thread touches; links
/// are pairs that share their state, and regions are reached in place.
Transport& memory_transport();

}  // namespace psyne::inline v0
