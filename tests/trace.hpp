#pragma once

#include <cstdint>

namespace psyne_test {

/// What happened in a run, as one number: two runs that did the same have the same one.
class Trace {
 public:
  /// FNV-1a.
  void note(std::uint64_t what) noexcept {
    for (int i = 0; i < 8; ++i) hash_ = (hash_ ^ (what >> (8 * i) & 0xffU)) * 0x100000001b3U;
  }
  std::uint64_t hash() const noexcept { return hash_; }

 private:
  std::uint64_t hash_ = 0xcbf29ce484222325U;
};

}  // namespace psyne_test
