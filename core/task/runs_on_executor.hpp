#pragma once

#include <psyne/core/executor/executor.hpp>
#include <psyne/core/stop/stop_token.hpp>

#include <concepts>

namespace psyne::inline v0 {

/// What a coroutine's promise offers to those that it awaits: where it runs, and whether it is to stop.
template <class Promise>
concept RunsOnExecutor = requires(Promise& promise) {
  { promise.executor() } -> std::convertible_to<Executor&>;
  { promise.stop_token() } -> std::same_as<const StopToken&>;  // lives as long as the coroutine
};

}  // namespace psyne::inline v0
