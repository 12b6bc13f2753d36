#pragma once

#include <psyne/core/metrics/page.hpp>
#include <psyne/pool/pool/pool_statistics.hpp>
#include <psyne/pool/scheduler/scheduler.hpp>

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace psyne::inline v0 {

/// The counters of a pool, sections "pool" of the process's page: one of the pool, labelled with its name, and one of
/// each seat that a thread or a guest has had, "digits thread 01". They are the one place where these things are
/// counted. Those who count write to their own lines, with a load and a store for each job; `psyne info` reads them
/// meanwhile.
///
///   attend       who holds the worker's seat; allocates and takes a lock the first time
///   limited      any thread, wait-free
///   places       one thread at a time, wait-free
///   statistics   any thread; takes a lock that attend() also takes
class PoolMetrics {
 public:
  /// Allocates, takes the page's lock.
  PoolMetrics(std::string name, std::uint32_t workers, std::uint32_t threads);

  /// From now on that worker counts here. Without memory for it, it counts to nowhere.
  void attend(BasicWorker<>& worker) noexcept {
    if (!worker.counted()) [[unlikely]]
      add(worker);
  }

  /// How many run at once from now on.
  void places(std::uint32_t places) const noexcept;

  /// Where every thread that finds the limit reached adds one.
  metrics::Cell& limited() const noexcept;

  PoolStatistics statistics() const noexcept;

 private:
  void add(BasicWorker<>& worker) noexcept;

  const std::string name_;
  const std::uint32_t shown_;  // so many seats are on the page; those of more spares are counted, but not seen
  const metrics::Section pool_;
  mutable std::mutex mutex_;  // guards what follows
  std::vector<metrics::Section> threads_;
};

}  // namespace psyne::inline v0
