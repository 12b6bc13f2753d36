#pragma once

#include <coroutine>

namespace psyne::inline v0 {

/// Resumes `coroutine`, and then, one after another, those that are handed over meanwhile. Every resumption by an
/// executor goes through here, so that a chain of coroutines, each of which ends by continuing the one that awaited it,
/// needs the stack of one.
///
/// This is what symmetric transfer is meant for; but GCC 12 makes that a real call at -O0 and under sanitizers, and a
/// million of them overflow the stack.
void resume(std::coroutine_handle<> coroutine) noexcept;

/// From a coroutine that is at its end: lets the innermost resume() on this thread go on with `continuation` as soon as
/// it gets the thread back.
void hand_over(std::coroutine_handle<> continuation) noexcept;

}  // namespace psyne::inline v0
