#pragma once

#include "soakers.hpp"

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace psyne_soak {

/// Looks every second whether a piece takes too long; then tells what every thread does, and aborts: who looks at the
/// core sees where.
class Watchdog {
 public:
  Watchdog(Soakers& soakers, std::uint64_t seconds);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  void look();

  Soakers& soakers_;
  const std::uint64_t seconds_;
  std::mutex mutex_;
  std::condition_variable end_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace psyne_soak
