#pragma once

#include <psyne/transports/sim/sim_transport.hpp>
#include <psyne/transports/sim/virtual_time.hpp>

#include "on_service.hpp"

#include <chrono>
#include <string>
#include <thread>

namespace psyne_test {

/// While it lives, new links of sim:// live in a time that passes only here. The ends of channels go before it.
class VirtualSimulation {
 public:
  VirtualSimulation() { psyne::simulate_in(time_); }
  ~VirtualSimulation() { psyne::simulate_in(psyne::real_time()); }
  VirtualSimulation(const VirtualSimulation&) = delete;
  VirtualSimulation& operator=(const VirtualSimulation&) = delete;

  bool step() { return time_.step(); }

  /// Lets time pass until `condition`, or until nothing is under way and the service thread leaves it so; then false.
  template <class Condition>
  bool pass_until(Condition condition) {
    for (int idle = 0; idle < 2000;) {
      if (condition()) return true;
      if (time_.step()) {
        idle = 0;
        continue;
      }
      // What is wrong waits here for a while; what is right finds its event within a few rounds.
      if (++idle > 20) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      on_service([] {});
    }
    return condition();
  }
  /// Lets everything happen that happens by itself.
  void pass() {
    for (int round = 0; round < 5; ++round) {
      while (time_.step()) {
      }
      on_service([] {});
    }
  }

 private:
  psyne::VirtualTime time_;
};

}  // namespace psyne_test
