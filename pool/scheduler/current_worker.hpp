#pragma once

#include <psyne/pool/scheduler/scheduler.hpp>

#include <cstddef>
#include <cstdint>

namespace psyne::inline v0 {

using Scheduler = BasicScheduler<>;
using Worker = Scheduler::Worker;
class PoolState;
class JobContext;

/// Where the calling thread stands in a pool. All null on a thread that is in none.
struct CurrentWorker {
  Worker* worker = nullptr;
  Scheduler* scheduler = nullptr;
  PoolState* pool = nullptr;
  JobContext* job = nullptr;
  std::uintptr_t stack_end = 0;  ///< the lowest address that a child may begin at on this thread's stack
};

/// Initial-exec: an access is one load relative to the thread's pointer, in a shared library too.
[[gnu::tls_model("initial-exec")]] extern constinit thread_local CurrentWorker current_worker;

/// What a wait leaves free of the stack: below it, a child is run by another thread, which has a whole stack.
inline constexpr std::size_t stack_reserve = 64 * 1024;

/// What is left free even where no other thread can be had.
inline constexpr std::size_t last_stack_reserve = 16 * 1024;

/// Whether the calling thread's stack is nearly used up.
[[gnu::always_inline]] inline bool stack_is_low() noexcept {
  return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) < current_worker.stack_end;
}

/// Whether a child may be run inside of what the thread runs: there is stack left, or a little that is kept for when no
/// other thread could run it.
[[gnu::cold]] bool may_use_reserve() noexcept;
[[gnu::always_inline]] inline bool may_nest() noexcept { return !stack_is_low() || may_use_reserve(); }

/// For CurrentWorker::stack_end of the calling thread; asks the system once for each thread.
std::uintptr_t end_of_this_stack() noexcept;

/// Bytes that are left of the calling thread's stack; 0 where the system does not say.
std::size_t this_stack_left() noexcept;

}  // namespace psyne::inline v0
