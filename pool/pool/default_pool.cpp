#include <psyne/core/process/fork_epoch.hpp>
#include <psyne/pool/pool/default_pool.hpp>
#include <psyne/pool/pool/pool_state.hpp>

#include <atomic>
#include <mutex>
#include <new>

namespace psyne::inline v0 {

namespace {

constinit std::atomic<PoolState*> existing{nullptr};

// Never destroyed, so that jobs may be posted by destructors of other objects with static storage.
struct Making {
  std::mutex mutex;
  ForkHook hook = on_fork_in_child([this] {
    // The threads are the parent's, and so is who may be making a pool.
    existing.store(nullptr, std::memory_order_relaxed);
    new (&mutex) std::mutex;
  });
};
Making& making() {
  static Making& the_one = *new Making;
  return the_one;
}

[[gnu::noinline]] PoolState& make_default_pool() {
  const std::lock_guard guard(making().mutex);
  PoolState* pool = existing.load(std::memory_order_relaxed);
  if (pool == nullptr) {
    pool = PoolState::open({.name = "psyne-pool"}).value().release();
    existing.store(pool, std::memory_order_release);
  }
  return *pool;
}

}  // namespace

PoolState& default_pool_state() {
  PoolState* pool = existing.load(std::memory_order_acquire);
  return pool != nullptr ? *pool : make_default_pool();
}

}  // namespace psyne::inline v0
