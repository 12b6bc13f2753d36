#include "watchdog.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace psyne_soak {

Watchdog::Watchdog(Soakers& soakers, std::uint64_t seconds)
    : soakers_(soakers), seconds_(seconds), thread_([this] { look(); }) {}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  end_.notify_one();
  thread_.join();
}

void Watchdog::look() {
  std::unique_lock lock(mutex_);
  while (!end_.wait_for(lock, std::chrono::seconds(1), [this] { return ending_; })) {
    std::string what;
    if (!soakers_.stuck(seconds_, what)) continue;
    std::fprintf(stderr, "WRONG: no end is in sight\n%s", what.c_str());
    std::abort();
  }
}

}  // namespace psyne_soak
