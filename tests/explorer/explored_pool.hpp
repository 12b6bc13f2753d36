#pragma once

#include <psyne/pool/scheduler/scheduler.hpp>

#include <array>
#include <functional>
#include <utility>
#include <vector>

#include <explorer/atomics.hpp>
#include <explorer/checked.hpp>

namespace psyne::explorer {

/// A scheduler with explored threads, as a pool's owner has them. Looks for work once before it sleeps, and has deques
/// of two, so that they are full soon.
template <class Atomics>
class ExploredPool {
 public:
  using Scheduler = BasicScheduler<Atomics, 2>;
  using Worker = typename Scheduler::Worker;
  static constexpr Clock::duration never = std::chrono::hours(1000);

  /// The first `refused` threads cannot be started.
  ExploredPool(std::uint32_t places, std::uint32_t threads, Clock::duration retire_after = never, int refused = 0)
      : refused_(refused), scheduler_(places, threads, retire_after, &start, this, Clock::duration::zero()) {}

  Scheduler& scheduler() noexcept { return scheduler_; }

  /// The worker of the calling thread.
  Worker& me() noexcept { return *workers_[Execution::current().thread()]; }
  void be(Worker* worker) noexcept { workers_[Execution::current().thread()] = worker; }

  /// From a job of the pool, or from outside.
  void post(Work& work, Priority level = Priority::normal) {
    const bool inside = workers_[Execution::current().thread()] != nullptr;
    auto* const producer = scheduler_.join();
    require(producer != nullptr, "an end");
    require(scheduler_.post(*producer, work, level, inside ? From::inside : From::outside), "taken");
    scheduler_.part(*producer);
  }

  /// Waits until all is done, and for the ends of all threads.
  void close() {
    require(scheduler_.close(), "closed once");
    require(scheduler_.wait_until_quiet(no_deadline), "quiet without a deadline");
    end();
  }

  void end() {
    scheduler_.end();
    for (std::size_t at = 0; at < threads_.size(); ++at) threads_[at].join();
    const auto state = scheduler_.crew().snapshot();
    require(state.active + state.searching + state.idle + state.blocked + state.guests == 0, "nobody is counted");
    require(!scheduler_.any_work(), "nothing is left");
  }

  std::size_t started() const noexcept { return threads_.size(); }

 private:
  static bool start(void* own, Worker& worker) noexcept {
    auto& pool = *static_cast<ExploredPool*>(own);
    if (pool.refused_ > 0) return --pool.refused_, false;
    pool.threads_.push_back(ExploredThread([&pool, &worker] {
      pool.be(&worker);
      pool.scheduler_.run(worker);
    }));
    return true;
  }

  int refused_;
  Scheduler scheduler_;
  std::array<Worker*, max_threads> workers_{};
  std::vector<ExploredThread> threads_;
};

/// What is posted, or forked; has to run once.
class ExploredJob : public Work {
 public:
  explicit ExploredJob(std::function<void()> body = [] {})
      : Work([](Work& self) noexcept { static_cast<ExploredJob&>(self).act(); }), body_(std::move(body)) {}
  ~ExploredJob() { require(runs_ == 1, "ran once"); }

 private:
  void act() {
    runs_ = runs_ + 1;
    body_();
  }

  Checked<int> runs_{0};
  std::function<void()> body_;
};

}  // namespace psyne::explorer
