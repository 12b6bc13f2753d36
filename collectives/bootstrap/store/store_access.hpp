#pragma once

#include <psyne/core/channel/wait.hpp>
#include <psyne/core/result/result.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace psyne::inline v0 {

/// How one rank reaches the table of a store, in its own process or another's. As Store, with at most
/// StoreQuery::most_keys keys, and errors that name no key where time ran out.
class StoreAccess {
 public:
  StoreAccess() = default;
  StoreAccess(const StoreAccess&) = delete;
  StoreAccess& operator=(const StoreAccess&) = delete;
  virtual ~StoreAccess() = default;

  virtual Result<void> set(std::string_view key, std::span<const std::byte> value, const Wait& wait) = 0;
  virtual Result<std::vector<std::byte>> get(const std::string& key, const Wait& wait) = 0;
  virtual Result<std::int64_t> add(std::string_view key, std::int64_t delta, const Wait& wait) = 0;
  virtual Result<void> wait(std::span<const std::string> keys, const Wait& wait) = 0;
  /// Which are not there now, by their places in `keys`.
  virtual Result<std::vector<std::uint32_t>> missing(std::span<const std::string> keys, const Wait& wait) = 0;
};

}  // namespace psyne::inline v0
