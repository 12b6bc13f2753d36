#pragma once

#include <psyne/pool/pool/pool.hpp>

#include <atomic>
#include <cstddef>
#include <thread>

#include <eventually.hpp>

namespace psyne_test {

/// Keeps workers of a pool busy, so that what is submitted waits.
class HeldWorkers {
 public:
  /// Returns when `count` workers are held.
  HeldWorkers(psyne::Pool& pool, std::size_t count) {
    for (std::size_t number = 0; number < count; ++number) {
      pool.post(
          [this] {
            ++held_;
            while (!go_.load()) std::this_thread::sleep_for(std::chrono::microseconds(100));
            --held_;
          },
          {.priority = psyne::Priority::urgent});
    }
    eventually([&] { return held_.load() == count; });
  }
  ~HeldWorkers() { let_go(); }

  void let_go() {
    go_ = true;
    eventually([this] { return held_.load() == 0; });
  }

 private:
  std::atomic<bool> go_{false};
  std::atomic<std::size_t> held_{0};
};

}  // namespace psyne_test
