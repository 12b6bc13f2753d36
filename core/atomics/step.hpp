#pragma once

#include <cstddef>

#ifdef PSYNE_STEPS
#include <cstring>
#include <source_location>
#endif

namespace psyne::inline v0 {

#ifdef PSYNE_STEPS

using StepPlace = std::source_location;

/// Stands before every change of something that another process sees: a word in shared memory, a file, a socket, a
/// lock. Only in the library that the step-kill tests build for themselves (PSYNE_STEPS), and defined there: it counts,
/// and at one number it kills the process. Any thread.
void step(StepPlace place = StepPlace::current()) noexcept;

/// Stands before a copy into shared memory: a step at which half of the bytes are there.
inline void step_within(void* to, const void* from, std::size_t bytes,
                        StepPlace place = StepPlace::current()) noexcept {
  std::memcpy(to, from, bytes / 2);
  step(place);
}

#else

constexpr void step() noexcept {}
constexpr void step_within(void*, const void*, std::size_t) noexcept {}

#endif

}  // namespace psyne::inline v0
