#pragma once

#include <psyne/core/channel/wait.hpp>
#include <psyne/core/completion/completion.hpp>

namespace psyne::inline v0 {

/// Completes when `how_long` is over: `co_await sleep_async(10ms)`, or one of those that wait_any waits for. Ends as
/// stopped when the wait's token stops, or when it is cancelled. Costs no thread: a timer of the service thread.
///
/// One allocation. One without an end completes by the token or by being cancelled only. Errors, told by the result:
/// stopped, exhausted (where psyne's threads cannot start).
Completion<void> sleep_async(const Wait& how_long);

}  // namespace psyne::inline v0
