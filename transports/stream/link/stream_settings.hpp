#pragma once

#include <cstddef>

namespace psyne::inline v0 {

/// How a link over a stream is to be.
struct StreamSettings {
  std::size_t queue = 64;      ///< posts that may wait for room in the socket before one meets would_block
  double post_cost_ns = 2000;  ///< a system call, and the kernel's way to the other end's socket
  double latency_ns = 5000;    ///< estimates, to choose by
  double bandwidth_gbs = 5;
};

}  // namespace psyne::inline v0
