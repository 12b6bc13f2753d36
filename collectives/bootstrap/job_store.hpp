#pragma once

#include <psyne/collectives/bootstrap/job_rank.hpp>
#include <psyne/collectives/bootstrap/store.hpp>
#include <psyne/core/stop/stop_token.hpp>

#include <chrono>
#include <memory>

namespace psyne::inline v0 {

class StoreAccess;
class StoreServer;
class StoreTable;

struct JobStoreOptions {
  /// How long open() waits for rank 0, which may be started later than the others.
  std::chrono::nanoseconds join_within = std::chrono::seconds(60);
  StopToken stop{};
};

/// The store of a job: rank 0 serves it in its process while this lives, the others ask it, by psyne's own channels at
/// JobRank::store. One rank alone needs nobody.
///
/// Over tcp:// who may come is proved by the job's token (PSYNE_TOKEN), which both ends must have where they are not
/// on one host; psyne run makes one for each job. Over ipc:// it is this user's processes. Who waits for a key costs
/// nobody anything: the answer comes when the key does, and a rank that dies or misbehaves keeps nobody else waiting.
///
/// Rank 0 closes it last: ranks that wait, or ask later, get Code::closed, or peer_lost where rank 0 died, and no store
/// that comes after it at the same place answers them.
class JobStore final : public Store {
 public:
  /// Errors: timed_out (nobody serves it; says where), refused (a wrong token, or the store of another job), stopped,
  /// those of opening channels. Of rank 0: in_use and others of listening.
  static Result<JobStore> open(const JobRank& job, const JobStoreOptions& options = {});

  JobStore(JobStore&& other) noexcept;
  JobStore& operator=(JobStore&& other) noexcept;
  ~JobStore() override;

  Result<void> set(std::string_view key, std::span<const std::byte> value, const Wait& wait) override;
  Result<std::vector<std::byte>> get(const StoreKey& key, const Wait& wait) override;
  Result<std::int64_t> add(std::string_view key, std::int64_t delta, const Wait& wait) override;
  Result<void> wait(std::span<const StoreKey> keys, const Wait& wait) override;

 private:
  struct Parts;
  explicit JobStore(std::unique_ptr<Parts> parts);
  Error not_there(std::span<const StoreKey> keys) const;

  std::unique_ptr<Parts> parts_;
};

}  // namespace psyne::inline v0
