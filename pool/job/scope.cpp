#include <psyne/core/stop/wait_or_stop.hpp>
#include <psyne/pool/job/scope.hpp>
#include <psyne/pool/pool/default_pool.hpp>
#include <psyne/pool/pool/pool.hpp>
#include <psyne/pool/scheduler/fork.hpp>
#include <psyne/pool/scheduler/waiting.hpp>

#include <mutex>
#include <utility>

namespace psyne::inline v0 {

namespace {

const JobLimits* limits_of(ScopeOptions& options) {
  if (options.name.empty() && !options.stop.stop_possible()) return nullptr;
  return new JobLimits{.name = std::move(options.name), .stop = std::move(options.stop)};
}

// What the calling thread runs meanwhile belongs to the job of this context.
class InContext {
 public:
  explicit InContext(JobContext& context) noexcept : before_(std::exchange(current_worker.job, &context)) {}
  InContext(const InContext&) = delete;
  InContext& operator=(const InContext&) = delete;
  ~InContext() { current_worker.job = before_; }

 private:
  JobContext* const before_;
};

}  // namespace

PoolState& Scope::pool_for(Pool* asked) {
  PoolState* pool = asked != nullptr ? &asked->state() : current_worker.pool;
  if (pool == nullptr) pool = &default_pool_state();
  if (pool->forked()) [[unlikely]]
    throw Exception(pool->refusal("cannot open a scope"));
  return *pool;
}

Scope::Scope(ScopeOptions options) : Scope(pool_for(options.pool), limits_of(options)) {}

Scope::Scope(PoolState& pool, const JobLimits* limits) noexcept
    : pool_(pool),
      limits_(limits),
      context_(this_job::priority(), current_worker.job != nullptr ? current_worker.job : &pool_.whole(), limits),
      owner_(pool_.inside() ? current_worker.worker : nullptr),
      base_(owner_ != nullptr ? owner_->deque().position() : 0),
      opened_(owner_ != nullptr ? owner_->errands() : 0),
      uncaught_(std::uncaught_exceptions()) {}

// Destroyed without a wait, or after one that was given up.
void Scope::leave() noexcept {
  if (std::uncaught_exceptions() > uncaught_) cancel(StopReason::error, "the scope was left by an exception");
  static_cast<void>(wait_until(no_deadline, {}));
  if (const std::exception_ptr thrown = collect()) pool_.unobserved(thrown);
}

void Scope::put(Spawned& job) {
  const bool own = mine();
  // What others spawn comes after what the owner has spawned: it is spawned by a job of that.
  job.number = own ? own_spawned_++ : not_awaited + others_spawned_.fetch_add(1, std::memory_order_relaxed);
  if (own) {
    ++own_jobs_;
  } else {
    others_jobs_.fetch_add(1, std::memory_order_relaxed);
  }
  CurrentWorker& me = current_worker;
  if (pool_.inside() && me.worker->level() == context_.priority() && me.worker->deque().push(&job)) {
    return me.scheduler->forked();
  }
  if (post(job)) return;
  job.end();
  ended();
  throw Exception(pool_.refusal("cannot spawn a job"));
}

// To where any worker takes it, and, if that waits inside the pool, the thread that opened the scope. Once it is there
// the job may have run and the scope be gone.
bool Scope::post(Spawned& job) noexcept {
  const Priority level = context_.priority();
  Ticket* const ticket =
      owner_ != nullptr && pool_.inside() ? Ticket::make(job, current_worker.worker->tickets()) : nullptr;
  if (ticket == nullptr) return pool_.post(job, level);
  PoolState& pool = pool_;
  Worker* const owner = owner_;
  posted_.add(*ticket);
  if (!pool.post(*ticket, level)) {
    const bool refused = ticket->take() != nullptr;
    ticket->leave_queue();
    return !refused;
  }
  if (owner != current_worker.worker) owner->parker().wake();
  return true;
}

// Where there is no memory it is done here, as it would be with nobody else there.
void Scope::give_away(Spawned& job) noexcept {
  if (!job.scope().post(job)) job.run(job);
}

void Spawned::run_one(Work& self) noexcept {
  auto& own = static_cast<Spawned&>(self);
  own.scope().run_for_other(own);
}

// On a thread that took the job from another's deque or from the queue.
void Scope::run_for_other(Spawned& job) noexcept {
  Worker* const worker = current_worker.worker;
  const Errand before = worker->begin_errand(this);
  runner_.store(worker, std::memory_order_release);
  {
    const InContext here(context_);
    act(job);
  }
  ended();
  worker->end_errand(before);
}

bool Scope::is_job_of(const Work& work, const void* what, const Worker& opener, std::uint64_t errands) noexcept {
  if (!Spawned::is(work)) return false;
  const Scope& scope = static_cast<const Spawned&>(work).scope();
  return &scope == what || (scope.owner_ == &opener && scope.opened_ >= errands);
}

void Scope::act(Spawned& job) noexcept {
  if (context_.stop_requested()) {
    skipped_.fetch_add(1, std::memory_order_relaxed);
    return job.end();
  }
  const std::uint64_t number = job.number;
  try {
    job.run_and_end();
  } catch (...) {
    threw(number, std::current_exception());
  }
}

void Scope::threw(std::uint64_t number, std::exception_ptr exception) noexcept {
  {
    const std::lock_guard guard(lock_);
    if (first_ == nullptr || number < first_number_) {
      std::swap(first_, exception);
      first_number_ = number;
    }
    others_ += exception != nullptr ? 1 : 0;
  }
  threw_.store(true, std::memory_order_relaxed);
  context_.cancel(StopReason::error);
}

// It comes to zero only in a wait, which takes not_awaited away; and that goes on only when the one that brought it
// there does not touch the scope any more.
void Scope::ended() noexcept {
  if (mine()) {
    --own_jobs_;
  } else if (others_jobs_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    if (owner_ != nullptr) owner_->parker().wake();
    parker_.wake();
    told_.store(true, std::memory_order_release);
  }
}

// The newest that this thread has put aside; after that, what lies in the queue.
Work* Scope::next_own() noexcept {
  auto& deque = owner_->deque();
  Work* const work = deque.position() > base_ ? deque.pop() : nullptr;
  return work != nullptr ? work : posted_.take();
}

// Has `run(job)` run what this thread has put aside for the scope, as long as `go_on()`. What it has put aside for
// another meanwhile, such as one further out, goes to where any thread takes it.
template <class GoOn, class Run>
void Scope::for_own(const GoOn& go_on, const Run& run) noexcept {
  const InContext here(context_);
  while ((owner_->deque().position() > base_ || posted_.any()) && go_on()) {
    Work* const work = next_own();
    if (work == nullptr) break;
    if (Spawned::is(*work) && &static_cast<Spawned*>(work)->scope() == this) [[likely]] {
      run(*static_cast<Spawned*>(work));
      --own_jobs_;
    } else {
      pool_.give_away(*work, context_.priority());
    }
  }
}

// `able`: there is stack for it; else it is the reserve's, when nobody else can.
template <class Enough>
void Scope::run_own(bool able, const Enough& enough) noexcept {
  for_own([&] { return (able || may_use_reserve()) && !enough(); }, [this](Spawned& job) { act(job); });
}

// What is here, and parts of what others run of the scope, until `done()` or there is nothing. What those spawn on this
// thread lies here again.
template <class Done, class Enough>
void Scope::take_part(Waiting& waiting, const Done& done, const Enough& enough) noexcept {
  const auto more_here = [&] { return any_own() && waiting.able() && !enough(); };
  do run_own(waiting.able(), enough);
  while (waiting.take_part([&] { return done() || enough() || more_here(); }) && more_here());
}

void Scope::help(Deadline deadline, const StopToken& stop) noexcept {
  if (!mine()) return;
  Waiting waiting(this, &runner_);
  take_part(
      waiting, [this] { return left() == not_awaited; }, [&] { return wait_is_over(deadline, stop); });
}

// Sleeps until all have ended; when it is recalled it looks once more what it can do. True when the one that brought
// the count to zero is another, who tells so.
Scope::Ended Scope::sleep_until(Deadline deadline, const StopToken& stop) noexcept {
  if (!mine()) {
    const WaitEnd end = wait_or_stop(
        parker_, [this] { return all_ended(); }, deadline, stop, no_patience);
    return {end, all_ended()};
  }
  Waiting waiting(this, &runner_);
  for (;;) {
    WaitEnd end{};
    const bool stuck = any_own();
    const auto look = [&] { return all_ended() || Waiting::was_recalled() || (!stuck && any_own()); };
    waiting.asleep(stuck, [&] { end = wait_or_stop(owner_->parker(), look, deadline, stop, no_patience); });
    if (all_ended()) return {WaitEnd::ready, true};
    if (end != WaitEnd::ready) return {end, false};
    if (stuck) {
      Waiting::settle();
      run_last();
    }
    take_part(
        waiting, [this] { return all_ended() || own_jobs_ != 0; }, [&] { return wait_is_over(deadline, stop); });
    const std::int64_t own = std::exchange(own_jobs_, 0);
    if (own != 0 && others_jobs_.fetch_add(own, std::memory_order_acq_rel) + own == 0) return {WaitEnd::ready, false};
  }
}

// No other thread can run what lies here: it is run on what is left of the stack, or, where that is too little, left
// out, and its wait says so.
void Scope::run_last() noexcept {
  for_own([] { return true; },
          [this](Spawned& job) {
            if (this_stack_left() < last_stack_reserve && !context_.stop_requested()) {
              const Error used_up = pool_.full("cannot run a job of a scope: the stack is used up");
              threw(job.number, std::make_exception_ptr(Exception(used_up)));
            }
            act(job);  // leaves it out after that
          });
}

WaitEnd Scope::wait_until(Deadline deadline, const StopToken& stop) noexcept {
  help(deadline, stop);
  const std::int64_t own = std::exchange(own_jobs_, 0);
  if (others_jobs_.load(std::memory_order_acquire) + own == not_awaited) {  // nobody else counts any more
    if (own != 0) others_jobs_.fetch_add(own, std::memory_order_relaxed);
    return WaitEnd::ready;
  }
  if (others_jobs_.fetch_add(own - not_awaited, std::memory_order_acq_rel) + own != not_awaited) {
    auto [end, told] = sleep_until(deadline, stop);
    if (end != WaitEnd::ready) {
      if (others_jobs_.fetch_add(not_awaited, std::memory_order_acq_rel) != 0) return end;
      others_jobs_.fetch_sub(not_awaited, std::memory_order_relaxed);  // all ended just now
      told = true;
    }
    while (told && !told_.load(std::memory_order_acquire)) StandardAtomics::yield();
  }
  told_.store(false, std::memory_order_relaxed);
  others_jobs_.fetch_add(not_awaited, std::memory_order_relaxed);
  return WaitEnd::ready;
}

std::exception_ptr Scope::collect() noexcept {
  if (!threw_.load(std::memory_order_relaxed)) return nullptr;  // the jobs' ends came before
  threw_.store(false, std::memory_order_relaxed);
  const std::lock_guard guard(lock_);
  pool_.suppressed(std::exchange(others_, 0));
  return std::exchange(first_, nullptr);
}

void Scope::rethrow_first() {
  if (std::exception_ptr thrown = collect()) std::rethrow_exception(std::move(thrown));
}

void Scope::wait() {
  if (mine()) run_own(!stack_is_low(), [] { return false; });
  if (nothing_left()) [[likely]]
    return;
  static_cast<void>(wait_until(no_deadline, {}));
  rethrow_first();
}

Result<void> Scope::wait_for(const Wait& how_long) {
  const WaitEnd end = wait_until(how_long.deadline, how_long.stop);
  if (end == WaitEnd::ready) {
    rethrow_first();
    return {};
  }
  const std::int64_t jobs = left() - not_awaited;
  std::string what = "cannot wait for " + std::to_string(jobs) + (jobs == 1 ? " job" : " jobs") + " of the scope";
  if (!context_.name().empty()) what += " " + std::string(context_.name());
  return end == WaitEnd::stopped ? how_long.stop.error(std::move(what)) : Error(Code::timed_out, std::move(what));
}

}  // namespace psyne::inline v0
