#pragma once

#include <psyne/collectives/bootstrap/store.hpp>

#include <string>
#include <utility>
#include <vector>

namespace psyne::inline v0 {

/// A part of another store: its keys are that one's keys that begin with the prefix. So two users of a store do not
/// meet. The other store must outlive it, and both are used by one thread at a time.
class PrefixedStore final : public Store {
 public:
  PrefixedStore(Store& store, std::string prefix) : store_(store), prefix_(std::move(prefix)) {}

  Result<void> set(std::string_view key, std::span<const std::byte> value, const Wait& wait) override {
    return store_.set(prefixed(key), value, wait);
  }
  Result<std::vector<std::byte>> get(const StoreKey& key, const Wait& wait) override {
    return store_.get({prefixed(key.key), key.about}, wait);
  }
  Result<std::int64_t> add(std::string_view key, std::int64_t delta, const Wait& wait) override {
    return store_.add(prefixed(key), delta, wait);
  }
  Result<void> wait(std::span<const StoreKey> keys, const Wait& wait) override {
    std::vector<StoreKey> all;
    all.reserve(keys.size());
    for (const StoreKey& key : keys) all.emplace_back(prefixed(key.key), key.about);
    return store_.wait(all, wait);
  }

 private:
  std::string prefixed(std::string_view key) const { return prefix_ + std::string(key); }

  Store& store_;
  const std::string prefix_;
};

}  // namespace psyne::inline v0
