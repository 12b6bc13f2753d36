#pragma once

#include <psyne/collectives/bootstrap/store/store_access.hpp>
#include <psyne/collectives/bootstrap/store/store_table.hpp>

namespace psyne::inline v0 {

/// The table of this process: how rank 0 uses the store that it serves. The table must outlive it. One thread at a
/// time.
class OwnStore final : public StoreAccess {
 public:
  explicit OwnStore(StoreTable& table) : table_(table) {}

  Result<void> set(std::string_view key, std::span<const std::byte> value, const Wait& wait) override;
  Result<std::vector<std::byte>> get(const std::string& key, const Wait& wait) override;
  Result<std::int64_t> add(std::string_view key, std::int64_t delta, const Wait& wait) override;
  Result<void> wait(std::span<const std::string> keys, const Wait& wait) override;
  Result<std::vector<std::uint32_t>> missing(std::span<const std::string> keys, const Wait& wait) override;

 private:
  static constexpr StoreTable::Client self = 0;  // ids of requesters are none

  Result<StoreTable::Value> last_of(std::vector<std::string> keys, const Wait& wait);

  StoreTable& table_;
};

}  // namespace psyne::inline v0
