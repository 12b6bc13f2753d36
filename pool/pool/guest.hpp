#pragma once

#include <psyne/core/park/blocking_observer.hpp>
#include <psyne/core/result/error.hpp>
#include <psyne/pool/pool/pool_state.hpp>
#include <psyne/pool/scheduler/current_worker.hpp>

#include <string>

namespace psyne::inline v0 {

/// The calling thread takes part in a pool as long as this lives: what it puts aside is stolen by the pool's workers,
/// and it runs nothing but that. May be inside a job of another pool, whose worker it is again afterwards.
///
/// Throws psyne::Exception with Code::closed when the pool is closed, Code::forked in a forked child, and
/// Code::exhausted when it has max_threads.
class Guest {
 public:
  explicit Guest(PoolState& pool) : pool_(pool), before_(current_worker), observe_(&pool.guest_sleeps()) {
    if (pool.forked() || pool.scheduler().closed()) throw Exception(pool.refusal("cannot take part in a pool"));
    Worker* const worker = pool.scheduler().enter();
    if (worker == nullptr) {
      const std::string what = "cannot take part in a pool";
      throw Exception(pool.scheduler().closed() ? pool.refusal(what) : pool.full(what));
    }
    pool.metrics().attend(*worker);
    worker->set_level(this_level(before_));
    current_worker = {.worker = worker,
                      .scheduler = &pool.scheduler(),
                      .pool = &pool,
                      .job = before_.job,
                      .stack_end = end_of_this_stack()};
  }
  ~Guest() {
    Worker& worker = *current_worker.worker;
    current_worker = before_;
    pool_.scheduler().exit(worker);
  }
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;

 private:
  static Priority this_level(const CurrentWorker& before) noexcept {
    return before.worker != nullptr ? before.worker->level() : Priority::normal;
  }

  PoolState& pool_;
  const CurrentWorker before_;
  const ObserveBlocking observe_;
};

}  // namespace psyne::inline v0
