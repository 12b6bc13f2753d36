#pragma once

#include <psyne/collectives/bootstrap/job_rank.hpp>
#include <psyne/collectives/bootstrap/store/store_access.hpp>
#include <psyne/collectives/bootstrap/store/store_query.hpp>
#include <psyne/patterns/request/requester.hpp>

#include <memory>
#include <optional>
#include <string>

namespace psyne::inline v0 {

/// The store that rank 0 serves, as another rank uses it. Once rank 0 has gone or closed it, it stays so: another that
/// comes at the same place is another store. One thread at a time.
class RemoteStore final : public StoreAccess {
 public:
  /// Waits until rank 0 serves the store of this job. Errors: timed_out; refused (a wrong token, the store of another
  /// job); those of Requester::open.
  static Result<std::unique_ptr<RemoteStore>> open(const JobRank& job, const Wait& wait);

  Result<void> set(std::string_view key, std::span<const std::byte> value, const Wait& wait) override;
  Result<std::vector<std::byte>> get(const std::string& key, const Wait& wait) override;
  Result<std::int64_t> add(std::string_view key, std::int64_t delta, const Wait& wait) override;
  Result<void> wait(std::span<const std::string> keys, const Wait& wait) override;
  Result<std::vector<std::uint32_t>> missing(std::span<const std::string> keys, const Wait& wait) override;

 private:
  using Asking = Requester<StoreMessage, StoreMessage>;

  RemoteStore(const JobRank& job, Asking requester);
  Result<std::vector<std::byte>> ask(StoreQuery query, const Wait& wait);
  Result<QueryDraft<StoreMessage>> room_for(const StoreQuery& query, const Wait& wait);
  Error failed(const Error& error);
  Error lost(Code code, std::string why);

  Asking requester_;
  const std::string what_;
  std::uint64_t number_ = 0;  // of the store that was joined
  std::optional<Error> lost_;
};

}  // namespace psyne::inline v0
