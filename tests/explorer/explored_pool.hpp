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
  static constexpr Clock::duration never = Clock::duration::max();

  ExploredPool(std::uint32_t places, std::uint32_t threads, Clock::duration retire_after = never)
      : scheduler_(places, threads, retire_after, &start, this, Clock::duration::zero()) {
    scheduler_.tell_of_places([](void* own) noexcept { ++static_cast<ExploredPool*>(own)->told_; });
  }

  Scheduler& scheduler() noexcept { return scheduler_; }

  /// The worker of the calling thread, null for one from outside.
  Worker* me() const noexcept { return workers_[Execution::current().thread()]; }

  /// The calling thread takes part for the length of `body`. Without a seat, or once the pool is closed, on its own.
  template <class Body>
  void as_guest(Body&& body) {
    Worker* const worker = scheduler_.enter();
    if (worker == nullptr) return body();
    ++guests_inside_;
    be(worker, true);
    body();
    be(nullptr);
    --guests_inside_;
    scheduler_.exit(*worker);
  }

  /// `wait` is a sleep inside a job, or of a guest: another has the place meanwhile.
  template <class Wait>
  void sleep_inside(Wait&& wait) {
    if (me() == nullptr) return wait();
    const bool guest = guests_[Execution::current().thread()];
    guest ? scheduler_.guest_blocking(*me()) : scheduler_.blocking(*me());
    wait();
    guest ? scheduler_.guest_resumed(*me()) : scheduler_.resumed(*me());
  }

  /// From a job of the pool, or from outside: then it may be refused.
  bool offer(Work& work, Priority level = Priority::normal) {
    auto* const producer = scheduler_.join(psyne::From::outside);
    const bool taken = scheduler_.post(*producer, work, level, me() != nullptr ? From::inside : From::outside);
    scheduler_.part(*producer);
    return taken;
  }
  void post(Work& work, Priority level = Priority::normal) { require(offer(work, level), "taken"); }

  /// No thread is to be had, so many times.
  void refuse(int times) noexcept { refused_ = times; }

  /// Waits until all is done, and for the ends of all threads.
  void close() {
    drain();
    end();
  }

  void drain() {
    require(scheduler_.close(), "closed once");
    require(scheduler_.wait_until_quiet(no_deadline), "quiet without a deadline");
    require(guests_inside_ == 0, "no guest is inside");
  }

  void end() {
    ended_ = true;
    scheduler_.end();
    for (std::size_t at = 0; at < threads_.size(); ++at) threads_[at].join();
    const auto state = scheduler_.crew().snapshot();
    require(state.active + state.searching + state.idle + state.blocked + state.guests == 0, "nobody is counted");
    require(!scheduler_.any_work(), "nothing is left");
  }

  std::size_t started() const noexcept { return threads_.size(); }
  /// How often it was told that a place was taken.
  int told() const noexcept { return told_; }

 private:
  void be(Worker* worker, bool guest = false) noexcept {
    workers_[Execution::current().thread()] = worker;
    guests_[Execution::current().thread()] = guest;
  }

  static bool start(void* own, Worker& worker) noexcept {
    auto& pool = *static_cast<ExploredPool*>(own);
    if (pool.ended_) return false;
    if (pool.refused_ > 0) return --pool.refused_, false;
    pool.threads_.push_back(ExploredThread([&pool, &worker] {
      pool.be(&worker);
      pool.scheduler_.run(worker);
    }));
    return true;
  }

  int refused_ = 0;
  int told_ = 0;
  int guests_inside_ = 0;
  bool ended_ = false;
  Scheduler scheduler_;
  std::array<Worker*, max_threads> workers_{};
  std::array<bool, max_threads> guests_{};
  std::vector<ExploredThread> threads_;
};

/// What is posted; has to run once.
class ExploredJob : public Work {
 public:
  explicit ExploredJob(std::function<void()> body = [] {})
      : Work([](Work& self) noexcept { static_cast<ExploredJob&>(self).act(); }), body_(std::move(body)) {}
  ~ExploredJob() { require(runs_ == (refused_ ? 0 : 1), "ran once"); }

  /// Was not taken, so it may not run.
  void refused() noexcept { refused_ = true; }

 private:
  void act() {
    runs_ = runs_ + 1;
    body_();
  }

  Checked<int> runs_{0};
  bool refused_ = false;
  std::function<void()> body_;
};

/// A child that a thread of the pool puts aside, as ForkFrame is, and that it helps with while it waits, as Waiting
/// does: one look at what others do of it, then it sleeps, and may be recalled.
template <class Atomics>
class ExploredFork : public Work {
 public:
  ExploredFork(ExploredPool<Atomics>& pool, std::function<void()> body)
      : Work([](Work& self) noexcept { static_cast<ExploredFork&>(self).run_elsewhere(); }),
        pool_(pool),
        owner_(pool.me()),
        body_(std::move(body)) {
    aside_ = owner_ != nullptr && owner_->deque().push(this);
    if (aside_) pool_.scheduler().forked();
  }

  void join() {
    if (!aside_) return body_();
    if (Work* own = owner_->deque().pop()) {
      require(own == this, "the newest child is taken back first");
      return body_();
    }
    while (!done()) {
      if (!run_part()) sleep(this);
    }
    pool_.scheduler().settle(*owner_);
  }

  /// In place of join(), by a thread that has no stack for the child: another does it, or, when there is none, this one
  /// after all.
  void leave_to_other() {
    if (!aside_) return body_();
    while (!done()) {
      sleep(owner_->stuck());
      pool_.scheduler().settle(*owner_);
      if (owner_->was_recalled() && owner_->deque().pop() == this) return body_();
    }
  }

 private:
  using Worker = typename ExploredPool<Atomics>::Worker;

  bool done() const { return done_.load(std::memory_order_acquire); }

  bool run_part() {
    auto& scheduler = pool_.scheduler();
    for (std::uint32_t number = 0; number < scheduler.used(); ++number) {
      Worker* const runner = scheduler.worker(number);
      if (runner == nullptr || runner == owner_) continue;
      auto errand = runner->errand();
      if (errand.of != this) errand = runner->outermost_errand();
      if (errand.of != this) continue;
      Work* const work = runner->steal_part_of(errand);
      if (work == nullptr) continue;
      scheduler.settle(*owner_);
      if (runner->errand() == errand || runner->outermost_errand() == errand) {
        work->run(*work);
      } else {
        pool_.post(*work);  // the errand has ended, and this is of what its thread did next
      }
      return true;
    }
    return false;
  }

  void sleep(const void* what) {
    owner_->forget_recall();
    owner_->will_sleep_for(what);
    pool_.sleep_inside([this] {
      owner_->parker().wait([this] { return done() || owner_->asleep_for() == nullptr; }, no_deadline, no_patience);
    });
    owner_->will_sleep_for(nullptr);
  }

  void run_elsewhere() {
    Worker& me = *pool_.me();
    const auto before = me.begin_errand(this);
    body_();
    auto* const owner = owner_;
    done_.store(true, std::memory_order_release);
    owner->parker().wake();
    me.end_errand(before);
  }

  ExploredPool<Atomics>& pool_;
  Worker* const owner_;
  const std::function<void()> body_;
  bool aside_ = false;
  typename Atomics::template Atomic<bool> done_{false};
};

}  // namespace psyne::explorer
