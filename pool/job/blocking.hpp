#pragma once

#include <psyne/core/park/blocking_observer.hpp>

#include <functional>
#include <utility>

namespace psyne::inline v0 {

/// Calls `callable()` where it may sleep for long in something that is not psyne's: a file, a lock, a barrier. Inside a
/// job another thread of the pool takes this one's place meanwhile, as long as the pool has fewer than max_threads.
/// What sleeps in psyne itself needs no such call. Any thread.
template <class Callable>
decltype(auto) blocking(Callable&& callable) {
  const Blocking told;
  return std::invoke(std::forward<Callable>(callable));
}

}  // namespace psyne::inline v0
