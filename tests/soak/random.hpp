#pragma once

#include <cstdint>

namespace psyne_soak {

/// Numbers that a seed decides: SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators",
/// 2014). One thread at a time.
class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t next() noexcept {
    std::uint64_t bits = state_ += 0x9e3779b97f4a7c15;
    bits = (bits ^ (bits >> 30U)) * 0xbf58476d1ce4e5b9;
    bits = (bits ^ (bits >> 27U)) * 0x94d049bb133111eb;
    return bits ^ (bits >> 31U);
  }

  /// 0 to bound - 1.
  std::uint64_t below(std::uint64_t bound) noexcept { return next() % bound; }
  /// 1 to most, small ones as often as large ones of twice the size.
  std::uint64_t up_to(std::uint64_t most) noexcept { return 1 + below(1 + below(most)); }
  bool one_in(std::uint64_t count) noexcept { return below(count) == 0; }

 private:
  std::uint64_t state_;
};

}  // namespace psyne_soak
