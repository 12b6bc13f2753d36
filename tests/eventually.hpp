#pragma once

#include <chrono>
#include <thread>

namespace psyne_test {

/// Whether what is bound to come comes; without a bound on how soon.
template <class Condition>
bool eventually(Condition condition) {
  using namespace std::chrono_literals;
  for (int i = 0; i < 20'000 && !condition(); ++i) std::this_thread::sleep_for(1ms);
  return condition();
}

}  // namespace psyne_test
