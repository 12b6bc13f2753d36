#pragma once

#include <cstdint>
#include <memory>
#include <utility>

namespace ring_test {

/// A move-only value that is counted while it lives, so that a ring that forgets or repeats a destructor is found out.
class Counted {
 public:
  static inline int alive = 0;

  explicit Counted(std::uint64_t value) noexcept : value_(value) { ++alive; }
  Counted(Counted&& other) noexcept : value_(std::exchange(other.value_, moved_from)) { ++alive; }
  Counted& operator=(Counted&& other) noexcept {
    value_ = std::exchange(other.value_, moved_from);
    return *this;
  }
  ~Counted() { --alive; }

  std::uint64_t value() const noexcept { return value_; }

  static constexpr std::uint64_t moved_from = ~std::uint64_t{0};

 private:
  std::uint64_t value_;
};

/// A value larger than a line whose every word must agree, so that a torn or overwritten one is found out.
struct Wide {
  std::uint64_t words[11];

  static Wide of(std::uint64_t seed) noexcept {
    Wide wide{};
    for (std::uint64_t i = 0; i < 11; ++i) wide.words[i] = seed * 0x9E3779B97F4A7C15u + i;
    return wide;
  }
  friend bool operator==(const Wide&, const Wide&) = default;
};

}  // namespace ring_test
