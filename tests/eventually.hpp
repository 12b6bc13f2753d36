#pragma once

#include <chrono>
#include <thread>

namespace psyne_test {

/// Whether what is bound to come comes; without a bound on how soon.
template <class Condition>
bool eventually(Condition condition) {
  using namespace std::chrono_literals;
  for (int i = 0; i < 20'000; ++i) {
    if (condition()) return true;  // it may be false again right afterwards
    std::this_thread::sleep_for(1ms);
  }
  return false;
}

}  // namespace psyne_test
