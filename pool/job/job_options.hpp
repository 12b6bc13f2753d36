#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/stop/stop_token.hpp>
#include <psyne/pool/scheduler/priority.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace psyne::inline v0 {

/// `no_time_limit` for a job: none.
inline constexpr Clock::duration no_time_limit = Clock::duration::max();

struct JobOptions {
  std::string name = {};                     ///< in errors, reports and profiles
  std::optional<Priority> priority = {};     ///< nothing: that of the job that submits, or normal
  Clock::duration deadline = no_time_limit;  ///< from the submission on; then it is cancelled, waiting or running
  StopToken stop = {};                       ///< when it stops, the job is cancelled with reason parent
  bool timings = false;                      ///< take the times that Job::timings() gives
};

enum class JobStatus : std::uint8_t {
  pending,    ///< no thread has begun it
  running,    ///< or claimed by one that is about to
  completed,  ///< with a value
  failed,     ///< with an exception, or an error that it returned
  cancelled,  ///< before it began
};

/// When things happened to a job; zero (the epoch of the clock) for what has not, or was not asked for.
struct JobTimings {
  Deadline submitted;
  Deadline began;
  Deadline ended;
};

}  // namespace psyne::inline v0
