#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace psyne_fuzz {

/// Takes numbers from the front of what the fuzzer made; zero when nothing is left.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : data_(data), left_(size) {}

  bool empty() const { return left_ == 0; }
  template <class Number>
  Number take() {
    Number value{};
    const std::size_t count = std::min(sizeof value, left_);
    if (count != 0) std::memcpy(&value, data_, count);
    data_ += count;
    left_ -= count;
    return value;
  }
  /// A position near `around`, or any.
  std::uint64_t position(std::uint64_t around) {
    const auto how = take<std::uint8_t>();
    if (how >= 192) return take<std::uint64_t>();
    const auto steps = static_cast<std::int8_t>(take<std::uint8_t>());
    const std::int64_t unit = how < 64 ? 8 : how < 128 ? 64 : 1;
    return around + static_cast<std::uint64_t>(steps * unit);
  }

 private:
  const std::uint8_t* data_;
  std::size_t left_;
};

}  // namespace psyne_fuzz
