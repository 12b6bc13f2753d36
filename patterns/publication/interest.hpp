#pragma once

#include <psyne/core/result/result.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace psyne::inline v0 {

/// What a subscriber wants: all of it each time, so that whoever hears the last word knows.
struct Interest {
  std::vector<std::string> prefixes;
  std::uint32_t replay = 0;

  bool matches(std::string_view topic) const noexcept;

  /// As bytes: replay, and each prefix behind its length.
  std::vector<std::byte> encode() const;
  /// Bytes of a stranger. Errors: corrupted.
  static Result<Interest> decode(std::span<const std::byte> bytes);
};

/// Of all prefixes together, as they travel.
inline constexpr std::size_t longest_interest = std::size_t{48} << 10;

/// What stands in front of an interest.
struct InterestHeader {
  static constexpr std::string_view psyne_name = "interest/1";
  std::uint64_t reserved = 0;
};

}  // namespace psyne::inline v0
