#pragma once

#include <psyne/pool/scheduler/current_worker.hpp>

#include <cstddef>
#include <cstdint>

namespace psyne::inline v0 {

/// Each thread's ends of the injection queues of the pools that it posts to, found again by a load and a comparison.
/// They are parted with when the thread ends, or the pool.
///
///   producer_of                any thread
///   pool_opened, pool_closed   the pool, once each
using PoolId = std::uint64_t;

/// A number that no other pool of this process has or had.
PoolId pool_opened(Scheduler& scheduler);
/// No thread uses its ends any more, and none will part with them.
void pool_closed(PoolId id) noexcept;

/// The last ends that a thread has used, by the number of their pool.
struct KnownProducer {
  PoolId id = 0;
  Scheduler::Producer* producer = nullptr;
};
inline constexpr std::size_t known_producers = 4;
[[gnu::tls_model("initial-exec")]] extern constinit thread_local KnownProducer known_producer[known_producers];

/// Joins; null when there is no memory.
[[gnu::cold]] Scheduler::Producer* join_producer(PoolId id, Scheduler& scheduler) noexcept;

/// The calling thread's end; null when there is no memory for one.
inline Scheduler::Producer* producer_of(PoolId id, Scheduler& scheduler) noexcept {
  const KnownProducer& known = known_producer[id % known_producers];
  return known.id == id ? known.producer : join_producer(id, scheduler);
}

}  // namespace psyne::inline v0
