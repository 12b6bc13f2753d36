#pragma once

#include <psyne/pool/budget/process_budget.hpp>
#include <psyne/pool/pool/pool_metrics.hpp>
#include <psyne/pool/scheduler/current_worker.hpp>

#include <cstdint>

namespace psyne::inline v0 {

/// A pool's part in the budget of the process, as long as this lives. Owns neither.
class BudgetedPool final : private WorkerBudget::Member {
 public:
  BudgetedPool(Scheduler& scheduler, PoolMetrics& metrics) : scheduler_(scheduler), metrics_(metrics) {
    process_budget().join(*this);
  }
  ~BudgetedPool() { process_budget().leave(*this); }
  BudgetedPool(const BudgetedPool&) = delete;
  BudgetedPool& operator=(const BudgetedPool&) = delete;

  /// What the scheduler tells of, when it is watched.
  void place_taken() const noexcept { process_budget().place_taken(*this); }

 private:
  std::uint32_t workers() const noexcept override { return scheduler_.crew().workers(); }
  bool busy() const noexcept override { return scheduler_.crew().snapshot().active != 0; }
  Demand demand() noexcept override {
    const auto state = scheduler_.crew().snapshot();
    return {.active = state.active,
            .searching = state.searching,
            .work_waits = scheduler_.any_work(),
            .begun = metrics_.statistics().runs};
  }
  void set_places(std::uint32_t places) noexcept override {
    scheduler_.set_places(places);
    metrics_.places(places);
  }
  void watch() noexcept override { scheduler_.watch(); }
  void unwatch() noexcept override { scheduler_.unwatch(); }

  Scheduler& scheduler_;
  PoolMetrics& metrics_;
};

}  // namespace psyne::inline v0
