#pragma once

#include "settings.hpp"

#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <cstddef>
#include <thread>

namespace ring_bench {

inline void pin(const Settings& settings, std::size_t index) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(settings.cpus[index % settings.cpus.size()], &set);
  pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

/// What a thread does while its queue is full or empty: it tries again at once where every thread has a CPU of its own,
/// and makes room for the others where they share.
class Retry {
 public:
  explicit Retry(bool crowded) : tries_(crowded ? 1 : 4096) {}

  void wait() {
    if (++tried_ < tries_) return;
    tried_ = 0;
    std::this_thread::yield();
  }

 private:
  int tries_;
  int tried_ = 0;
};

/// Nobody starts before everybody is there.
class Gate {
 public:
  explicit Gate(std::size_t threads) : missing_(threads) {}

  void pass() {
    missing_.fetch_sub(1);
    while (missing_.load() != 0) std::this_thread::yield();
  }

 private:
  std::atomic<std::size_t> missing_;
};

}  // namespace ring_bench
