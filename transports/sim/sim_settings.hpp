#pragma once

#include <psyne/core/config/config.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace psyne::inline v0 {

/// How a simulated link behaves: all of it follows from the seed.
struct SimSettings {
  std::uint64_t seed = 1;
  std::chrono::nanoseconds shortest{1'000};  ///< from post to arrival, at least
  std::chrono::nanoseconds longest{20'000};  ///< and at most, while the link is not cut
  std::size_t queue = 64;                    ///< posts under way in one direction; more meet would_block
  double cuts = 0;                           ///< chance of a post to cut the link for a while
  std::chrono::nanoseconds longest_cut{std::chrono::milliseconds(1)};
  double breaks = 0;  ///< chance of a post to break the connection: what is under way is gone, and the link goes on by
                      ///< another one after `longest_cut` at most
  double death = 0;   ///< chance of a post to be the last: both ends see the other lost
  double severs = 0;  ///< chance of a post to cut the link for good: both ends find the other unreachable
  std::chrono::nanoseconds unreachable_after{std::chrono::milliseconds(10)};  ///< so long after that

  /// From the options of module "sim". Errors: invalid_argument.
  static Result<SimSettings> read(const Config& config);
  /// Makes the options known to Config. Idempotent.
  static void know_options();
};

}  // namespace psyne::inline v0
