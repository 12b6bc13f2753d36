#pragma once

#include <psyne/core/channel/wait.hpp>
#include <psyne/core/result/result.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace psyne::inline v0 {

/// A key that somebody waits for, and for people what it stands for: {"address/3", "the address of rank 3"}.
struct StoreKey {
  StoreKey(std::string text) : key(std::move(text)) {}  // NOLINT(google-explicit-constructor): get("address/3", 5s)
  StoreKey(std::string_view text) : key(text) {}        // NOLINT(google-explicit-constructor)
  StoreKey(const char* text) : key(text) {}             // NOLINT(google-explicit-constructor)
  StoreKey(std::string text, std::string what) : key(std::move(text)), about(std::move(what)) {}

  std::string key;
  std::string about{};
};

/// Keys and values that all ranks of a job see: how they tell each other where they are before they are connected. Not
/// for data.
///
/// What was set is seen by every get that begins after set() returned, on any rank; add() counts each call once.
/// Used by one thread at a time; each thread may open its own.
///
/// Errors of all calls: timed_out, naming the keys that are not there; stopped; closed or peer_lost, naming who served
/// it; too_large (a key, a value, the store: see StoreLimits); invalid_argument (an empty key).
class Store {
 public:
  Store() = default;
  virtual ~Store() = default;

  /// The value of `key` from now on; a value that was there is replaced.
  virtual Result<void> set(std::string_view key, std::span<const std::byte> value, const Wait& wait) = 0;
  /// The value of a key, once it is there.
  virtual Result<std::vector<std::byte>> get(const StoreKey& key, const Wait& wait) = 0;
  /// Adds to the number that `key` holds, 0 where there is none, and gives what it became. The value is kept as decimal
  /// text. Errors also: invalid_argument, where it holds something else or would leave the range.
  virtual Result<std::int64_t> add(std::string_view key, std::int64_t delta, const Wait& wait) = 0;
  /// Until all keys are there.
  virtual Result<void> wait(std::span<const StoreKey> keys, const Wait& wait) = 0;

 protected:
  Store(const Store&) = default;
  Store(Store&&) = default;
  Store& operator=(const Store&) = default;
  Store& operator=(Store&&) = default;
};

/// What a store takes.
struct StoreLimits {
  static constexpr std::size_t key_bytes = 256;
  static constexpr std::size_t value_bytes = std::size_t{64} << 10;
  static constexpr std::size_t total_bytes = std::size_t{64} << 20;  ///< of all keys and values
  static constexpr std::size_t entry_bytes = 64;  ///< what a key counts for beside its own bytes and its value's
};

}  // namespace psyne::inline v0
