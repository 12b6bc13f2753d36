#pragma once

#include <psyne/core/atomics/atomics.hpp>

#include <chrono>
#include <ctime>

namespace psyne::inline v0 {

/// From now until `deadline` as system calls take it; zero when it has passed. Not for `no_deadline`.
inline timespec time_left(Deadline deadline) noexcept {
  const Deadline now = Clock::now();
  const Clock::duration left = deadline > now ? deadline - now : Clock::duration::zero();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
  return {.tv_sec = seconds.count(),
          .tv_nsec = std::chrono::duration_cast<std::chrono::nanoseconds>(left - seconds).count()};
}

}  // namespace psyne::inline v0
