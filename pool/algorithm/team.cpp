#include <psyne/core/result/result.hpp>
#include <psyne/pool/algorithm/team.hpp>
#include <psyne/pool/pool/default_pool.hpp>
#include <psyne/pool/pool/pool.hpp>

#include <chrono>
#include <string>

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
  cancel();
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

void Team::throw_stopped() const { throw Exception(options_.stop.error("cannot finish " + std::string(what_))); }

}  // namespace psyne::inline v0
