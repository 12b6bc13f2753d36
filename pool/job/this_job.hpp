#pragma once

#include <psyne/core/stop/stop_token.hpp>
#include <psyne/pool/scheduler/priority.hpp>

#include <string_view>

/// What runs on the calling thread. Any thread, those outside of pools too.
namespace psyne::inline v0::this_job {

/// Whether the thread is inside a job or a parallel algorithm.
bool running() noexcept;

/// Tells when the job is to end: it was cancelled, its deadline came, its pool is closing without it, or its scope
/// has failed. Outside of jobs an empty token. Throws std::bad_alloc the first time.
StopToken token();

/// Whether token() says so, without making one; to ask often.
bool stop_requested() noexcept;

/// At which the thread works, and what it spawns will run. A job that runs inside of a wait for it has the higher of
/// its own priority and the waiting job's, so that the wait is not slowed by it. Outside of jobs Priority::normal.
Priority priority() noexcept;

/// Empty when it was given none. Valid until the job ends.
std::string_view name() noexcept;

}  // namespace psyne::inline v0::this_job
