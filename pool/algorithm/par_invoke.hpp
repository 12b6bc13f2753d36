#pragma once

#include <psyne/core/result/result.hpp>
#include <psyne/pool/algorithm/another_stack.hpp>
#include <psyne/pool/algorithm/loop.hpp>
#include <psyne/pool/algorithm/par_options.hpp>
#include <psyne/pool/algorithm/team.hpp>
#include <psyne/pool/pool/default_pool.hpp>
#include <psyne/pool/pool/guest.hpp>
#include <psyne/pool/scheduler/current_worker.hpp>
#include <psyne/pool/scheduler/fork.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <utility>

namespace psyne::inline v0 {

/// The same for a caller that is in a pool and has stack enough.
template <class Left, class Right>
[[gnu::always_inline]] inline void par_invoke_here(Left& left, Right& right) {
  Fork fork(right);
  fork.put_aside();
  try {
    std::invoke(left);
  } catch (...) {
    fork.abandon();
    throw;
  }
  fork.join();
}

/// The same from a thread that is in no pool: it is a guest of the default one for the length of the call, or, where
/// that has no room for it, alone.
template <class Left, class Right>
[[gnu::noinline]] void par_invoke_as_guest(Left& left, Right& right) {
  std::optional<Guest> guest;
  try {
    guest.emplace(default_pool_state());
  } catch (const Exception&) {
    std::invoke(left);
    std::invoke(right);
    return;
  }
  par_invoke_here(left, right);
}

/// left() and right(), perhaps at the same time: the right one lies there to be taken by another thread while this one
/// does the left one, and then the right one too if it still lies there. Returns when both have ended.
///
/// Inside a job by the threads of its pool, at its priority; else of the default pool. No allocation, no virtual call:
/// 5 to 7 ns more than calling both. May be nested without bound: where the stack is nearly used up, another thread's
/// is used. While waiting, nothing is run but descendants of `right`, so locks may be held across the call.
///
/// Throws what one of them threw: of two exceptions that of the left one, and the other is counted; a right one that
/// has not begun when the left one throws is not begun. Code::exhausted (psyne::Exception) when no stack is left and
/// the pool has max_threads.
template <class Left, class Right>
  requires(std::invocable<Left&> && std::invocable<Right&>)
[[gnu::always_inline]] inline void par_invoke(Left&& left, Right&& right) {
  if (current_worker.worker == nullptr) [[unlikely]]
    return par_invoke_as_guest(left, right);
  if (stack_is_low()) [[unlikely]]
    return on_another_stack([&] { par_invoke_here(left, right); });
  par_invoke_here(left, right);
}

/// The same for more: each but the first lies there to be taken, the last one innermost. Of several exceptions that of
/// the leftmost is thrown.
template <class First, class Second, class... More>
  requires(sizeof...(More) > 0 && std::invocable<First&> && std::invocable<Second&> && (std::invocable<More&> && ...))
void par_invoke(First&& first, Second&& second, More&&... more) {
  par_invoke(first, [&] { par_invoke(second, more...); });
}

/// The same as options say: by whose threads, how many at once (1: in order, on this thread), and what ends it early;
/// progress is told in functions. Costs a loop over them, 0.1 us and more.
///
/// Throws as par_for_each() does over their positions.
template <class... Functions>
  requires(sizeof...(Functions) > 0 && (std::invocable<Functions&> && ...))
void par_invoke(ParOptions options, Functions&&... functions) {
  if (stack_is_low()) [[unlikely]]
    return on_another_stack([&] { par_invoke(std::move(options), functions...); });
  constexpr std::size_t count = sizeof...(Functions);
  auto some = [&](std::size_t first, std::size_t last) {
    std::size_t position = 0;
    ((first <= position && position < last ? static_cast<void>(std::invoke(functions)) : void(), ++position), ...);
  };
  Team team(options, count, "par_invoke");
  Loop(team, some, 1).run(count);
  team.finish();
}

}  // namespace psyne::inline v0
