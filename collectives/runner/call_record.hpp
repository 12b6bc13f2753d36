#pragma once

#include <psyne/collectives/runner/call.hpp>

#include <array>
#include <cstdint>
#include <optional>

namespace psyne::inline v0 {

/// A call as other ranks read it: which operation of its communicator it was, and its arguments without addresses.
struct CallRecord {
  static constexpr std::size_t word_count = 5;
  using Words = std::array<std::uint64_t, word_count>;

  std::uint64_t sequence = 0;  ///< from 1 on
  Call call;
  std::uint64_t before = 0;  ///< the fingerprint of the call before it

  /// Of this call and all before it: equal at two ranks only where they have called the same all along.
  std::uint64_t fingerprint() const noexcept { return call.fingerprint(before + sequence); }
  Words encoded() const noexcept;
  /// Nothing where no call was written there, or not the whole of one: words of two calls do not fit together.
  static std::optional<CallRecord> decoded(const Words& from) noexcept;
};

}  // namespace psyne::inline v0
