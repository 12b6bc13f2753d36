#include <psyne/collectives/bootstrap/store/own_store.hpp>
#include <psyne/core/completion/completer.hpp>
#include <psyne/core/completion/completion.hpp>

#include <utility>

namespace psyne::inline v0 {

Result<void> OwnStore::set(std::string_view key, std::span<const std::byte> value, const Wait& /*wait*/) {
  return table_.set(key, value);
}

Result<std::int64_t> OwnStore::add(std::string_view key, std::int64_t delta, const Wait& /*wait*/) {
  return table_.add(key, delta);
}

Result<std::vector<std::byte>> OwnStore::get(const std::string& key, const Wait& wait) {
  const auto value = last_of({key}, wait);
  if (!value) return value.error();
  return **value;
}

Result<void> OwnStore::wait(std::span<const std::string> keys, const Wait& wait) {
  const auto value = last_of({keys.begin(), keys.end()}, wait);
  if (!value) return value.error();
  return {};
}

Result<std::vector<std::uint32_t>> OwnStore::missing(std::span<const std::string> keys, const Wait& /*wait*/) {
  return table_.missing(keys);
}

Result<StoreTable::Value> OwnStore::last_of(std::vector<std::string> keys, const Wait& wait) {
  Completer<StoreTable::Value> completer;
  const auto completion = completer.completion();
  auto waits = table_.wait(self, std::move(keys), [completer = std::move(completer)](auto value) mutable {
    completer.complete(std::move(value));
  });
  if (!waits) return waits.error();
  if (auto waited = completion.wait(wait); !waited) {
    table_.forget(self);
    return waited.error();
  }
  return completion.take();
}

}  // namespace psyne::inline v0
