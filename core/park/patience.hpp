#pragma once

#include <psyne/core/atomics/atomics.hpp>

#include <cstdint>

namespace psyne::inline v0 {

/// How long a waiting thread looks for itself before it sleeps: `spins` looks back to back, then `pauses` looks with a
/// pause of the core between two, then `yields` looks with the CPU offered to others between two. All zero sleeps at
/// once. The defaults look for about as long as going to sleep and being woken takes (16 us each way between two CPUs
/// of a virtual EPYC, where a pause is 26 ns), so that waiting costs at most twice the better choice.
struct Patience {
  std::uint32_t spins = 64;
  std::uint32_t pauses = 512;
  std::uint32_t yields = 0;
};

/// For a thread that shares its CPU with the one it waits for: looking costs the other its time (round trip of two
/// threads on one CPU: 31 us with the default, 5.1 us without looking, 2.6 us with a few yields).
inline constexpr Patience no_patience{.spins = 0, .pauses = 0, .yields = 0};

/// Looks until `ready()` or until `patience` is used up, and says which. A deadline is looked at only between yields,
/// which last as long as other threads like; all else takes microseconds.
template <class Atomics, class Ready>
bool look_patiently(Ready&& ready, Deadline deadline, const Patience& patience) {
  for (std::uint32_t look = 0; look < patience.spins; ++look) {
    if (ready()) return true;
  }
  for (std::uint32_t look = 0; look < patience.pauses; ++look) {
    if (ready()) return true;
    Atomics::pause();
  }
  for (std::uint32_t look = 0; look < patience.yields; ++look) {
    if (ready()) return true;
    if (deadline != no_deadline && Atomics::now() >= deadline) return false;
    Atomics::yield();
  }
  return false;
}

}  // namespace psyne::inline v0
