#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <vector>

namespace psyne_test {

/// Bytes at a misaligned place, with guards around them that nothing may change.
class Place {
 public:
  Place(std::size_t offset, const void* content, std::size_t bytes)
      : memory_(guard + offset + bytes + guard, mark), at_(guard + offset), bytes_(bytes) {
    if (bytes != 0) std::memcpy(data(), content, bytes);
  }

  std::byte* data() { return memory_.data() + at_; }

  /// Whether it holds these bytes, between guards as they were.
  bool holds(const void* expected) const {
    std::vector<std::byte> whole(memory_.size(), mark);
    if (bytes_ != 0) std::memcpy(whole.data() + at_, expected, bytes_);
    return whole == memory_;
  }

 private:
  static constexpr std::size_t guard = 64;
  static constexpr std::byte mark{0xa5};

  std::vector<std::byte> memory_;
  std::size_t at_;
  std::size_t bytes_;
};

/// Bytes at a misaligned place that end where their memory does, so that a sanitizer sees who reads beyond them.
class Source {
 public:
  Source(std::size_t offset, const void* content, std::size_t bytes) : memory_(offset + bytes), offset_(offset) {
    if (bytes != 0) std::memcpy(memory_.data() + offset, content, bytes);
  }

  const std::byte* data() const { return memory_.data() + offset_; }

 private:
  std::vector<std::byte> memory_;
  std::size_t offset_;
};

/// The first element that differs, for a message.
template <class E>
std::size_t first_difference(const std::byte* found, const E* expected, std::size_t elements) {
  std::size_t i = 0;
  while (i < elements && std::memcmp(found + i * sizeof(E), expected + i, sizeof(E)) == 0) ++i;
  return i;
}

}  // namespace psyne_test
