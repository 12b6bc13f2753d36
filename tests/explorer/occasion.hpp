#pragma once

#include <explorer/atomics.hpp>

namespace psyne::explorer {

/// Something that happens once, for which others sleep.
class Occasion {
 public:
  void happen() {
    happened_.store(1, std::memory_order_release);
    ExplorerAtomics::wake(happened_, max_threads, Sharing::process);
  }
  void wait() {
    while (happened_.load(std::memory_order_acquire) == 0) {
      static_cast<void>(ExplorerAtomics::wait(happened_, 0, Sharing::process, no_deadline));
    }
  }

 private:
  ExplorerAtomics::Atomic<std::uint32_t> happened_{0};
};

}  // namespace psyne::explorer
