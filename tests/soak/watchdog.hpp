#pragma once

#include "soakers.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace psyne_soak {

/// Looks every second whether a piece takes too long; then tells what every thread does, and aborts: who looks at the
/// core sees where.
class Watchdog {
 public:
  Watchdog(const Soakers& soakers, std::chrono::steady_clock::duration limit);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  void look();

  const Soakers& soakers_;
  const std::chrono::steady_clock::duration limit_;
  std::mutex mutex_;
  std::condition_variable end_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace psyne_soak
