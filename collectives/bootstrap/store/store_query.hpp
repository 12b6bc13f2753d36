#pragma once

#include <psyne/collectives/bootstrap/store.hpp>
#include <psyne/core/message/vector.hpp>
#include <psyne/core/result/result.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace psyne::inline v0 {

/// What a rank asks of the store, as it travels: a header, the keys (each its length in two bytes, then its bytes), and
/// what is left is the value. Both sides have one byte order: the transport refuses others.
struct StoreQuery {
  enum class Kind : std::uint8_t { join, set, get, add, wait, missing };

  Kind kind = Kind::join;
  std::uint64_t store = 0;  ///< the number of the store that it means, which join tells; 0: any
  std::int64_t delta = 0;
  std::vector<std::string> keys{};
  std::span<const std::byte> value{};  ///< not owned

  std::size_t bytes() const noexcept;
  /// `room` has bytes() bytes, and no key more than 65535.
  void write(std::span<std::byte> room) const;
  /// What a stranger wrote, copied but for its value. Errors: corrupted.
  static Result<StoreQuery> read(std::span<const std::byte> bytes);

  /// More are asked for in parts.
  static constexpr std::size_t most_keys = 250;
  /// Of one whose keys and value are not too long.
  static constexpr std::size_t longest = StoreLimits::value_bytes + StoreLimits::key_bytes + 1024;
  static_assert(most_keys * (StoreLimits::key_bytes + 2) < longest);
};

/// Query and answer are bytes: those of an answer are the value, the sum (add), the number of the store (join), or the
/// places of the keys that are missing, each four bytes.
using StoreMessage = Vector<std::byte>;

}  // namespace psyne::inline v0
