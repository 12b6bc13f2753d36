#include <psyne/collectives/bootstrap/exchange.hpp>
#include <psyne/collectives/bootstrap/job_store.hpp>
#include <psyne/collectives/communicator/job_of_communicator.hpp>
#include <psyne/core/channel/end_id.hpp>
#include <psyne/core/process/fork_epoch.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>

namespace psyne::inline v0 {

namespace {

struct Membership {
  explicit Membership(JobRank who) : job(std::move(who)) {}

  const JobRank job;
  const std::uint32_t epoch = fork_epoch();
  std::mutex one_at_a_time{};
  std::optional<JobStore> store{};
  std::uint64_t communicators = 0;
};

// Never destroyed: a communicator may be opened by what runs at the very end, and the others see this process go.
Result<Membership*> membership() {
  static std::mutex opening;
  static Membership* known = nullptr;
  const std::lock_guard lock(opening);
  if (known == nullptr || known->epoch != fork_epoch()) {  // a child is a rank of its own, if it is one
    auto job = job_rank_of_process();
    if (!job) return job.error();
    known = new Membership(*std::move(job));
  }
  return known;
}

// Rank 0 draws it, so that no job ever takes another's ranks for its own, whatever their launchers call them.
Result<std::string> agreed_name(Membership& job, const std::string& communicator, const Wait& wait) {
  const std::string key = communicator + "/name";
  if (job.job.rank != 0) {
    const auto text = job.store->get({key, "the name that rank 0 draws"}, wait);
    if (!text) return text.error();
    return std::string(reinterpret_cast<const char*>(text->data()), text->size());
  }
  const auto drawn = EndId::random();
  if (!drawn) return drawn.error();
  std::string name = "job-" + std::to_string(drawn->value);
  if (auto told = job.store->set(key, std::as_bytes(std::span(name)), wait); !told) return told.error();
  return name;
}

}  // namespace

Result<void> take_from_job(CommunicatorOptions& options) {
  auto found = membership();
  if (!found) return found.error();
  Membership& job = **found;
  options.rank = job.job.rank;
  options.size = job.job.size;
  if (job.job.size == 1) return {};
  const Wait wait(options.open_within);
  const std::lock_guard lock(job.one_at_a_time);
  if (!job.store) {
    auto store = JobStore::open(job.job, {.join_within = options.open_within});
    if (!store) return store.error();
    job.store.emplace(*std::move(store));
  }
  const std::string communicator = "communicator/" + std::to_string(job.communicators++);
  auto name = agreed_name(job, communicator, wait);
  if (!name) return name.error();
  options.job = *std::move(name);
  options.exchange = [&job, communicator](const std::string& mine, const Wait& within) {
    const std::lock_guard asking(job.one_at_a_time);
    return exchange(*job.store, job.job.rank, job.job.size, communicator, mine, within);
  };
  return {};
}

}  // namespace psyne::inline v0
