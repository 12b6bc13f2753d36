#pragma once

#include <psyne/core/atomics/atomics.hpp>

#include <chrono>
#include <cstddef>

namespace psyne::inline v0 {

/// Memory for jobs, which one thread makes and another destroys: a thread takes piece after piece of a slab of its own,
/// and a slab is used again when all its pieces have come back, from whatever threads.
///
///   take_job_memory         any thread     no lock, but for a short one per slab; throws std::bad_alloc
///   give_back_job_memory    any thread     one atomic subtraction; none for the newest piece of the thread's own slab
///
/// Malloc takes 20 ns for each, and twice that when pieces travel between threads (docs/investigations/pool.md). The
/// price: one piece that lives on keeps its slab. Pieces of more than `largest_job` bytes come from the heap.
/// Aligned as operator new does; pieces that come one after the other lie one after the other.
void* take_job_memory(std::size_t bytes);
/// `bytes` as it was taken.
void give_back_job_memory(void* piece, std::size_t bytes) noexcept;

inline constexpr std::size_t slab_bytes = 16 * 1024;
inline constexpr std::size_t largest_job = 1024;
/// Empty slabs are kept for all threads. Once in this time, when a slab comes back, as many of them go to the heap as
/// nobody has needed since the last time, but for `kept_slabs`.
inline constexpr Clock::duration slab_patience = std::chrono::seconds(1);
inline constexpr std::size_t kept_slabs = 64;

/// Slabs in use or kept, of all threads; for tests.
std::size_t job_slabs() noexcept;

}  // namespace psyne::inline v0
