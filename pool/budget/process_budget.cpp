#include <psyne/core/executor/work.hpp>
#include <psyne/core/process/fork_epoch.hpp>
#include <psyne/core/service/service.hpp>
#include <psyne/core/timer/timer_heap.hpp>
#include <psyne/core/topology/cpu_list.hpp>
#include <psyne/pool/budget/process_budget.hpp>

#include <chrono>
#include <exception>
#include <new>
#include <optional>

namespace psyne::inline v0 {

namespace {

constexpr auto between_ticks = std::chrono::milliseconds(10);

class ProcessBudget final : public WorkerBudget {
 public:
  ProcessBudget()
      : WorkerBudget(usable_cpus()), hook_(on_fork_in_child([this] {
          begin_anew();
          new (&timer_) std::optional<Timer>;  // that of the parent may wait in a queue of its
        })) {}

 private:
  struct Ring : Work {
    explicit Ring(WorkerBudget& rung) noexcept
        : Work([](Work& self) noexcept { static_cast<Ring&>(self).budget.tick(); }), budget(rung) {}
    WorkerBudget& budget;
  };

  bool tick_later() noexcept override {
    try {
      if (!timer_) {
        const auto service = Service::process();
        if (!service) return false;
        service_ = *service;
        timer_.emplace(ring_, service_->executor());
      }
    } catch (const std::exception&) {
      return false;  // no memory
    }
    service_->start(*timer_, StandardAtomics::now() + between_ticks);
    return true;
  }

  Ring ring_{*this};
  Service* service_ = nullptr;
  std::optional<Timer> timer_;
  const ForkHook hook_;
};

}  // namespace

WorkerBudget& process_budget() {
  static ProcessBudget& the_one = *new ProcessBudget;
  return the_one;
}

}  // namespace psyne::inline v0
