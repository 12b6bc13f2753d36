#pragma once

#include <psyne/core/result/result.hpp>

#include <functional>
#include <thread>

namespace psyne::inline v0 {

/// Starts a thread of psyne's own: no signal is delivered to it, for they belong to the program's threads, and `name`
/// (15 characters at most) is what debuggers and top show. Errors: exhausted.
Result<std::thread> start_own_thread(const char* name, std::function<void()> body);

}  // namespace psyne::inline v0
