#include <psyne/core/process/fork_epoch.hpp>
#include <psyne/pool/pool/producers.hpp>

#include <map>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

namespace psyne::inline v0 {

constinit thread_local KnownProducer known_producer[known_producers];

namespace {

// The pools that are open, so that a thread that ends does not touch one that is not. Never destroyed: threads end
// after objects with static storage.
struct OpenPools {
  std::mutex mutex;
  std::map<PoolId, Scheduler*> pools;
  PoolId last = 0;
  ForkHook hook = on_fork_in_child([this] {
    // Another thread may have been in the middle of a change. The parent's pools are none of the child's, and no new
    // one gets the number of one of them.
    new (&mutex) std::mutex;
    new (&pools) std::map<PoolId, Scheduler*>;
  });
};
OpenPools& open_pools() {
  static OpenPools& the_one = *new OpenPools;
  return the_one;
}

// What is posted by destructors of thread-local objects after this one's gets an end that nobody parts with.
constinit thread_local bool ends_are_parted = false;

// All ends of one thread.
struct Joined {
  std::vector<std::pair<PoolId, Scheduler::Producer*>> producers;

  ~Joined() {
    ends_are_parted = true;
    for (KnownProducer& known : known_producer) known = {};
    OpenPools& open = open_pools();
    const std::lock_guard guard(open.mutex);
    for (const auto& [id, producer] : producers) {
      const auto pool = open.pools.find(id);
      if (pool != open.pools.end()) pool->second->part(*producer);
    }
  }

  Scheduler::Producer* find(PoolId id) const noexcept {
    for (const auto& [known, producer] : producers) {
      if (known == id) return producer;
    }
    return nullptr;
  }

  // Those of pools that are no more.
  void forget() {
    OpenPools& open = open_pools();
    const std::lock_guard guard(open.mutex);
    std::erase_if(producers, [&](const auto& one) { return !open.pools.contains(one.first); });
  }
};
thread_local Joined joined;

}  // namespace

PoolId pool_opened(Scheduler& scheduler) {
  OpenPools& open = open_pools();
  const std::lock_guard guard(open.mutex);
  open.pools.emplace(++open.last, &scheduler);
  return open.last;
}

void pool_closed(PoolId id) noexcept {
  OpenPools& open = open_pools();
  const std::lock_guard guard(open.mutex);
  open.pools.erase(id);
}

Scheduler::Producer* join_producer(PoolId id, Scheduler& scheduler) noexcept {
  const From from = current_worker.scheduler == &scheduler ? From::inside : From::outside;
  if (ends_are_parted) return scheduler.join(from);
  try {
    Scheduler::Producer* producer = joined.find(id);
    if (producer == nullptr) {
      joined.forget();
      joined.producers.reserve(joined.producers.size() + 1);
      producer = scheduler.join(from);
      if (producer == nullptr) return nullptr;
      joined.producers.emplace_back(id, producer);
    }
    known_producer[id % known_producers] = {id, producer};
    return producer;
  } catch (const std::exception&) {
    return nullptr;  // no memory
  }
}

}  // namespace psyne::inline v0
