#pragma once

#include "pair/process_usage.hpp"
#include "pool/works/fork_join.hpp"
#include "pool/works/posting.hpp"
#include "pool/works/waking.hpp"

#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <thread>

namespace pool_bench {

using psyne::bench::ProcessUsage;
using psyne::bench::usage_of;

/// A library whose threads outlive what they did.
template <class Peer>
concept Stays = RunsAll<Peer> && !requires { Peer::leaves_no_threads; };

/// What all threads but the calling one have used so far.
inline ProcessUsage usage_of_others() {
  ProcessUsage usage = usage_of(::getpid(), ::gettid());
  timespec own{};
  require(::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &own) == 0, "a look at the clock");
  usage.cpu_seconds -= static_cast<double>(own.tv_sec) + 1e-9 * static_cast<double>(own.tv_nsec);
  return usage;
}

/// What a pool uses up in a second in which it has nothing to do, once it was used.
struct IdleUsage {
  double cpu = 0;    ///< seconds
  double wakes = 0;  ///< context switches of all threads
};

template <class Peer>
IdleUsage idle_usage(const Load& load) {
  Peer peer(load.threads);
  burst(peer);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));  // whoever spins in hope of more has given up by then
  const ProcessUsage before = usage_of_others();
  std::this_thread::sleep_for(load.duration);
  const ProcessUsage after = usage_of_others();
  const double seconds = std::chrono::duration<double>(load.duration).count();
  const std::uint64_t switches = after.sleeps + after.preemptions - before.sleeps - before.preemptions;
  return {.cpu = (after.cpu_seconds - before.cpu_seconds) / seconds, .wakes = static_cast<double>(switches) / seconds};
}

/// Percent of a core.
template <class Peer>
std::optional<double> measure_idle_cpu(const Load& load) {
  if constexpr (Stays<Peer>) return 100 * idle_usage<Peer>(load).cpu;
  return std::nullopt;
}

/// Context switches a second.
template <class Peer>
std::optional<double> measure_idle_wakes(const Load& load) {
  if constexpr (Stays<Peer>) return idle_usage<Peer>(load).wakes;
  return std::nullopt;
}

/// MiB by which the process grew at most, with fib(25) and a million posted jobs behind it.
template <class Peer>
std::optional<double> measure_memory(const Load& load) {
  if constexpr (Forks<Peer> && Posts<Peer>) {
    const std::uint64_t before = psyne::bench::resident_memory();
    Peer peer(load.threads);
    std::uint64_t result = 0;
    peer.enter([&] { result = fib(peer, 25); });
    require(result == 75'025, "fib");
    peer.post(1, jobs_for<Peer>(), [] { tally.add(); });
    wait_for_tally(jobs_for<Peer>());
    return static_cast<double>(psyne::bench::peak_resident_memory() - before) / (1 << 20);
  }
  return std::nullopt;
}

}  // namespace pool_bench
