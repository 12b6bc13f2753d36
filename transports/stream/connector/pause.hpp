#pragma once

#include <psyne/core/atomics/atomics.hpp>

#include <chrono>
#include <cstdint>
#include <random>

namespace psyne::inline v0::stream {

/// How long to wait before the next try: twice as long each time, up to a limit, and anything from half of that to all
/// of it, so that those who lost one listener do not all come back to it at once. Pure but for its state.
class Pause {
 public:
  static constexpr auto shortest = std::chrono::milliseconds(10);

  explicit Pause(std::uint64_t seed) : random_(static_cast<std::minstd_rand::result_type>(seed)) {}

  std::chrono::nanoseconds next(std::chrono::nanoseconds limit);
  /// The next one is short again.
  void reset() noexcept { length_ = shortest; }

 private:
  std::minstd_rand random_;
  std::chrono::nanoseconds length_ = shortest;
};

}  // namespace psyne::inline v0::stream
