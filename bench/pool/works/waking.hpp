#pragma once

#include "pool/serving.hpp"
#include "pool/works/churn.hpp"
#include "pool/works/stopwatch.hpp"
#include "pool/works/tally.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

namespace pool_bench {

/// overtake(count, job, before, urgent): posts job so often, calls before(), posts urgent so that it runs before those
/// that wait, if there is a way to, and returns when all have run.
template <class Peer>
concept Overtakes = requires(Peer& peer) {
  peer.overtake(
      std::size_t{1}, [] {}, [] {}, [] {});
};

/// Does so much of a job's own work that no compiler leaves it out.
inline void work_for(std::uint64_t steps) noexcept {
  if (churn(steps, steps) == 1) tally.add();  // it is not, but only this program knows
}

/// run_all(count, job): runs job so often, each time as a job of its own; returns when all have run.
template <class Peer>
concept RunsAll = requires(Peer& peer) { peer.run_all(std::size_t{1}, [] {}); };

inline constexpr std::size_t burst_jobs = 64;

/// Jobs of 10 us, all at once.
template <class Peer>
void burst(Peer& peer) {
  const std::uint64_t before = tally.sum();
  peer.run_all(burst_jobs, [] {
    work_for(ten_microseconds);
    tally.add();
  });
  require(tally.sum() == before + burst_jobs, "a burst");
}

/// Microseconds for a burst of jobs after nothing was to be done for 20 ms.
template <class Peer>
std::optional<double> measure_burst(const Load& load) {
  if constexpr (RunsAll<Peer>) {
    Peer peer(load.threads);
    burst(peer);
    const auto idle = [] { std::this_thread::sleep_for(std::chrono::milliseconds(20)); };
    return median_nanoseconds(load.duration, idle, [&] { burst(peer); }) * 1e-3;
  }
  return std::nullopt;
}

// 10 ms of work for two threads: whoever posts may first have to wait for a processor, for 3 ms.
inline constexpr std::size_t backlog = 1000;

/// Microseconds until an urgent job starts while all threads are busy with 1,000 others of 20 us.
template <class Peer>
std::optional<double> measure_overtaking(const Load& load) {
  if constexpr (Overtakes<Peer>) {
    Peer peer(load.threads);
    std::vector<double> samples;
    const std::uint64_t end = now() + static_cast<std::uint64_t>(load.duration.count());
    for (std::uint64_t turns = 0; now() < end || (samples.empty() && turns < 100); ++turns) {
      std::atomic<unsigned> started{0};
      std::uint64_t posted = 0;
      std::size_t behind = backlog;  // it counts only if others still waited
      std::atomic<std::uint64_t> overtook{0};
      const auto job = [&] {
        started.fetch_add(1, std::memory_order_relaxed);
        work_for(2 * ten_microseconds);
      };
      const auto before = [&] {
        while (started.load(std::memory_order_relaxed) < load.threads) std::this_thread::yield();
        for (const std::uint64_t somewhere_within_a_job = now() + 1000 * (40 + 7 * (turns % 20));
             now() < somewhere_within_a_job;) {
          std::this_thread::yield();
        }
        behind = started.load(std::memory_order_relaxed);
        posted = now();
      };
      peer.overtake(backlog, job, before, [&] { overtook.store(now()); });
      require(started.load() == backlog, "a backlog");
      require(overtook.load() >= posted && posted != 0, "an urgent job");
      if (behind < backlog - 2 * load.threads) samples.push_back(static_cast<double>(overtook.load() - posted));
    }
    require(!samples.empty(), "an urgent job behind a backlog");
    return median(std::move(samples)) * 1e-3;
  }
  return std::nullopt;
}

}  // namespace pool_bench
