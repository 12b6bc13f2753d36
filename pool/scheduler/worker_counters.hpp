#pragma once

#include <psyne/core/metrics/instruments.hpp>

namespace psyne::inline v0 {

/// What a thread of a pool counts of itself; to nowhere as long as nobody has given it cells. Written by that thread.
/// What it took back of its own is not counted: a fork that nobody steals costs nothing more. Nothing is decided by
/// these numbers, so the explorer need not know of them.
struct WorkerCounters {
  metrics::Counter runs;    ///< jobs, and pieces of others' work, that it began
  metrics::Counter stolen;  ///< of those, taken from where another thread had put them aside
  metrics::Counter sleeps;  ///< times that it went to sleep between two jobs
};

}  // namespace psyne::inline v0
