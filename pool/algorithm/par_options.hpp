#pragma once

#include <psyne/core/function/function.hpp>
#include <psyne/core/stop/stop_token.hpp>

#include <cstddef>

namespace psyne::inline v0 {

class Pool;

/// How a parallel algorithm is to run. All have good defaults: `par_for_each(values, f, {.grain = 64})`.
struct ParOptions {
  /// Whose threads take part, beside the calling one. Null: inside a job those of its pool, else the default pool's.
  Pool* pool = nullptr;
  /// How many threads at once at most, the calling one included; 0: as many as the pool has. 1: nobody else.
  std::size_t max_workers = 0;
  /// How many neighbours are done together at least; 0: found by the clock, or, where results depend on it, by the
  /// count alone.
  std::size_t grain = 0;
  /// Ends the work early: the algorithm then throws psyne::Exception with the token's error.
  StopToken stop = {};
  /// Told what is done, (done, total) in steps, mostly elements, ten times a second at most and once at the end; by
  /// whatever thread, one at a time. What it throws ends the work.
  Function<void(std::size_t, std::size_t)> progress = {};
};

}  // namespace psyne::inline v0
