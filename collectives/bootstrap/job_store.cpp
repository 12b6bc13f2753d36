#include <psyne/collectives/bootstrap/job_store.hpp>
#include <psyne/collectives/bootstrap/store/own_store.hpp>
#include <psyne/collectives/bootstrap/store/remote_store.hpp>
#include <psyne/collectives/bootstrap/store/store_server.hpp>
#include <psyne/collectives/bootstrap/store/store_table.hpp>
#include <psyne/core/uri/quoted.hpp>

#include <algorithm>
#include <utility>

namespace psyne::inline v0 {

namespace {

std::vector<std::string> texts_of(std::span<const StoreKey> keys) {
  std::vector<std::string> texts;
  texts.reserve(keys.size());
  for (const StoreKey& key : keys) texts.push_back(key.key);
  return texts;
}

std::span<const StoreKey> take_part(std::span<const StoreKey>& rest) {
  const auto part = rest.first(std::min(rest.size(), StoreQuery::most_keys));
  rest = rest.subspan(part.size());
  return part;
}

Error moved_from_store() {
  return Error(Code::invalid_state, "cannot use the store of a job").because("the store was moved from");
}

}  // namespace

// In the order in which they need each other.
struct JobStore::Parts {
  JobRank job;
  StoreTable table{};                     // of rank 0
  std::unique_ptr<StoreServer> server{};  // of rank 0, where there are others
  std::unique_ptr<StoreAccess> access{};
};

JobStore::JobStore(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
JobStore::JobStore(JobStore&& other) noexcept = default;
JobStore& JobStore::operator=(JobStore&& other) noexcept = default;
JobStore::~JobStore() = default;

Result<JobStore> JobStore::open(const JobRank& job, const JobStoreOptions& options) {
  auto parts = std::make_unique<Parts>(job);
  if (job.rank == 0) {
    parts->access = std::make_unique<OwnStore>(parts->table);
    if (job.size > 1) {
      auto server = StoreServer::open(job, parts->table);
      if (!server) return server.error();
      parts->server = *std::move(server);
    }
  } else {
    auto access = RemoteStore::open(job, Wait(options.join_within, options.stop));
    if (!access) return access.error();
    parts->access = *std::move(access);
  }
  return JobStore(std::move(parts));
}

Result<void> JobStore::set(std::string_view key, std::span<const std::byte> value, const Wait& wait) {
  if (!parts_) return moved_from_store();
  return parts_->access->set(key, value, wait);
}

Result<std::int64_t> JobStore::add(std::string_view key, std::int64_t delta, const Wait& wait) {
  if (!parts_) return moved_from_store();
  return parts_->access->add(key, delta, wait);
}

Result<std::vector<std::byte>> JobStore::get(const StoreKey& key, const Wait& wait) {
  if (!parts_) return moved_from_store();
  auto value = parts_->access->get(key.key, wait);
  if (!value && value.error() == Code::timed_out) return not_there(std::span(&key, 1));
  return value;
}

Result<void> JobStore::wait(std::span<const StoreKey> keys, const Wait& wait) {
  if (!parts_) return moved_from_store();
  for (auto rest = keys; !rest.empty();) {
    const auto before = rest;
    auto waited = parts_->access->wait(texts_of(take_part(rest)), wait);
    if (!waited && waited.error() == Code::timed_out) return not_there(before);
    if (!waited) return waited;
  }
  return {};
}

// What time ran out for. Asked for once more, since who waits for many keys is helped by the few that are missing.
Error JobStore::not_there(std::span<const StoreKey> keys) const {
  constexpr std::chrono::seconds answered_within{2};
  constexpr std::size_t most_named = 8;
  std::string named;
  std::size_t count = 0;
  for (auto rest = keys; !rest.empty();) {
    const auto part = take_part(rest);
    const auto missing = parts_->access->missing(texts_of(part), answered_within);
    if (!missing) {
      return Error(Code::timed_out, "cannot get keys of the job " + quoted(parts_->job.id))
          .because("the store did not answer in time: " + missing.error().text());
    }
    for (const std::uint32_t place : *missing) {
      if (++count > most_named) continue;
      const StoreKey& key = part[place];
      named += (count > 1 ? ", " : "") + quoted(key.key) + (key.about.empty() ? "" : " (" + key.about + ")");
    }
  }
  if (count > most_named) named += " and " + std::to_string(count - most_named) + " more";
  return Error(Code::timed_out, "cannot get keys of the job " + quoted(parts_->job.id))
      .because(count == 0 ? "they came too late" : "nobody has set " + named + " in time")
      .mend("Look whether the ranks that are to set them still run, or wait longer.");
}

}  // namespace psyne::inline v0
