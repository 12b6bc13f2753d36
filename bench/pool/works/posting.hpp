#pragma once

#include "pool/serving.hpp"
#include "pool/works/stopwatch.hpp"
#include "pool/works/tally.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <thread>
#include <vector>

namespace pool_bench {

inline constexpr unsigned pool_threads = 2;  // of whoever is posted to, be it by one thread or by two

/// post(posters, count, job): each of so many threads posts so many jobs; returns when all have been posted, or have
/// run.
template <class Peer>
concept Posts = requires(Peer& peer) { peer.post(1u, std::size_t{1}, [] {}); };

/// submit(submitters, count, job): each of so many threads submits job(i) for every i below count, then reads every
/// result; the sum of all of them, of all threads.
template <class Peer>
concept Submits = requires(Peer& peer) { peer.submit(1u, std::size_t{1}, [](std::uint64_t i) { return i; }); };

/// How many jobs a library is given: a million, or what it says it can bear.
template <class Peer>
constexpr std::size_t jobs_for() noexcept {
  if constexpr (requires { Peer::most_jobs; }) return Peer::most_jobs;
  return 1'000'000;
}

/// Runs f on so many threads, the calling one among them.
template <class F>
void on_threads(unsigned threads, F f) {
  std::vector<std::jthread> others;
  for (unsigned i = 1; i < threads; ++i) others.emplace_back(f);
  f();
}

/// Posts with `post_one(job)`, from each of so many threads.
template <class PostOne, class Job>
void post_from(unsigned posters, std::size_t count, PostOne post_one, Job job) {
  on_threads(posters, [&] {
    for (std::size_t i = 0; i < count; ++i) post_one(job);
  });
}

/// What a library without results of its own does: a promise for each job, which `post_one` carries.
template <class PostOne, class Job>
std::uint64_t sum_of_promises(std::size_t count, PostOne post_one, Job job) {
  std::vector<std::promise<std::uint64_t>> promises(count);
  for (std::size_t i = 0; i < count; ++i) {
    post_one([job, i, promise = &promises[i]] { promise->set_value(job(i)); });
  }
  std::uint64_t sum = 0;
  for (std::promise<std::uint64_t>& promise : promises) sum += promise.get_future().get();
  return sum;
}

/// Waits for the tally without taking a processor from those who work.
inline void wait_for_tally(std::uint64_t expected) {
  for (const std::uint64_t end = now() + 30'000'000'000; tally.sum() < expected;) {
    require(now() < end, "posting");
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
}

/// Nanoseconds from the first post to the end of the last job, for each of a million jobs that only count themselves.
template <class Peer>
std::optional<double> measure_post(const Load& load) {
  if constexpr (Posts<Peer>) {
    Peer peer(pool_threads);
    const auto run = [&](std::size_t count) {
      const std::uint64_t before = tally.sum();
      peer.post(load.threads, count, [] { tally.add(); });
      wait_for_tally(before + load.threads * count);
      require(tally.sum() == before + load.threads * count, "posting");
    };
    const std::size_t count = jobs_for<Peer>() / load.threads;
    run(count);  // whoever keeps memory has it from now on
    return median_nanoseconds(load.duration, [&] { run(count); }) / static_cast<double>(load.threads * count);
  }
  return std::nullopt;
}

/// Nanoseconds from the first submission to the last result that was read, for each of a million jobs.
template <class Peer>
std::optional<double> measure_submit(const Load& load) {
  if constexpr (Submits<Peer>) {
    Peer peer(pool_threads);
    const auto run = [&](std::size_t count) {
      const std::uint64_t sum = peer.submit(load.threads, count, [](std::uint64_t i) { return i; });
      require(sum == load.threads * (count * (count - 1) / 2), "submitting");
    };
    const std::size_t count = jobs_for<Peer>() / load.threads;
    run(count);  // whoever keeps memory has it from now on
    return median_nanoseconds(load.duration, [&] { run(count); }) / static_cast<double>(load.threads * count);
  }
  return std::nullopt;
}

}  // namespace pool_bench
