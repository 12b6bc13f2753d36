#include <psyne/core/result/result.hpp>
#include <psyne/pool/algorithm/team.hpp>
#include <psyne/pool/pool/default_pool.hpp>
#include <psyne/pool/pool/pool.hpp>
#include <psyne/pool/scheduler/waiting.hpp>

#include <chrono>
#include <string>
#include <utility>

namespace psyne::inline v0 {

PoolState* Team::find_pool() const {
  if (options_.pool == nullptr) return &default_pool_state();
  PoolState& pool = options_.pool->state();
  const bool refused = pool.forked() || (pool.scheduler().closed() && !pool.inside());
  if (refused) throw Exception(pool.refusal("cannot begin " + std::string(what_)));
  return &pool;
}

bool Team::enter() noexcept {
  try {
    guest_.emplace(*pool_);
  } catch (const std::exception&) {
    alone_ = true;
  }
  return !alone_;
}

bool Team::stop_now() noexcept {
  if (!options_.stop.stop_requested()) return false;
  stopped_.store(true, std::memory_order_relaxed);
  end_at(0);
  return true;
}

void Team::tell(std::size_t count) {
  constexpr auto between = std::chrono::milliseconds(100);
  done_.fetch_add(count, std::memory_order_relaxed);
  const Clock::time_point now = StandardAtomics::coarse_now();
  const std::unique_lock lock(telling_, std::try_to_lock);
  if (!lock || now - told_ < between) return;
  told_ = now;
  options_.progress(done_.load(std::memory_order_relaxed), total_);
}

void Team::fail(std::size_t position) noexcept {
  end_at(0);
  const std::lock_guard guard(failing_);
  if (failure_ != nullptr) pool_->suppressed(1);  // of two threads, so there is a pool
  if (failure_ != nullptr && failed_at_ < position) return;
  failure_ = std::current_exception();
  failed_at_ = position;
}

void Team::throw_failure() {
  if (failure_ != nullptr) std::rethrow_exception(std::move(failure_));
  throw Exception(options_.stop.error("cannot finish " + std::string(what_)));
}

// The leader is patient: one who sleeps gives his place to another thread, and is back on a CPU with it when he wakes.
// A loop of 1.3 ms on two threads took 1.4 ms with 200 us, 1.8 with 20.
void Team::wait_for_parts() noexcept {
  constexpr Clock::duration patience = std::chrono::microseconds(200);
  give_permit();
  Waiting(this).until([this] { return parts_.load(std::memory_order_acquire) == 0; }, patience);
  if (bounded_) permits_.fetch_sub(1, std::memory_order_acq_rel);
}

void Team::part_ended() noexcept {
  give_permit();
  Worker* const leader = leader_;
  if (parts_.fetch_sub(1, std::memory_order_acq_rel) == 1) leader->parker().wake();  // the team may be gone
}

Team::Taken::Taken(Team& team, JobContext* job) noexcept
    : team_(team),
      job_before_(std::exchange(current_worker.job, job)),
      errand_before_(current_worker.worker->begin_errand(&team)) {}

Team::Taken::~Taken() {
  current_worker.job = job_before_;
  team_.part_ended();
  current_worker.worker->end_errand(errand_before_);
}

}  // namespace psyne::inline v0
