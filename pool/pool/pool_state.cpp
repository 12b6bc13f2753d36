#include <psyne/core/completion/operation_error.hpp>
#include <psyne/core/log/log.hpp>
#include <psyne/core/process/own_thread.hpp>
#include <psyne/core/topology/cpu_list.hpp>
#include <psyne/pool/job/scope.hpp>
#include <psyne/pool/pool/default_pool.hpp>
#include <psyne/pool/pool/pool_state.hpp>
#include <psyne/pool/scheduler/fork.hpp>

#include <algorithm>
#include <utility>

namespace psyne::inline v0 {

namespace {

constexpr std::size_t spares = 256;

}  // namespace

Result<std::unique_ptr<PoolState>> PoolState::open(PoolOptions options) {
  const std::size_t workers = options.workers != 0 ? options.workers : usable_cpus();
  const std::size_t threads = options.max_threads != 0 ? options.max_threads : workers + spares;
  const std::string what = "cannot open the pool " + options.name;
  if (threads > Scheduler::Crew::most_threads || workers > threads) {
    return Error(Code::invalid_argument, what)
        .because(std::to_string(workers) + " workers and max_threads = " + std::to_string(threads) + " were asked for")
        .mend("workers <= max_threads <= " + std::to_string(Scheduler::Crew::most_threads) + ".");
  }
  std::unique_ptr<PoolState> pool(
      new PoolState(std::move(options), static_cast<std::uint32_t>(workers), static_cast<std::uint32_t>(threads)));
  if (pool->scheduler_.start_all()) return pool;
  static_cast<void>(pool->close(Closing::cancel, no_deadline));
  return Error(Code::exhausted, what)
      .because("its " + std::to_string(workers) + " threads could not be started")
      .mend("Raise the limit of threads (ulimit -u), or give the pool fewer workers.");
}

PoolState::PoolState(PoolOptions options, std::uint32_t workers, std::uint32_t threads)
    : name_(std::move(options.name)),
      metrics_(name_, workers, threads),
      scheduler_(workers, threads, options.retire_after, &start_thread, this) {
  scheduler_.count_limited(metrics_.limited());
  scheduler_.tell_of_places(&place_taken);
  for (std::size_t level = 0; level < priorities; ++level) {
    executors_[level].pool = this;
    executors_[level].level = static_cast<Priority>(level);
  }
}

PoolState::~PoolState() { pool_closed(id_); }

Error PoolState::refusal(std::string what) const {
  if (forked()) return forked_error(std::move(what));
  if (!scheduler_.closed()) return Error(Code::exhausted, std::move(what)).because("there is no memory for it");
  return Error(Code::closed, std::move(what))
      .because("the pool " + name_ + " is closing, and takes nothing from outside of its own jobs");
}

Error PoolState::full(std::string what) const {
  return Error(Code::exhausted, std::move(what))
      .because("the pool " + name_ + " has as many threads and guests as it may have")
      .mend("Raise max_threads.");
}

// Where there is no memory for an entry the work is done here, as it would be with nobody else there.
void PoolState::give_away(Work& work, Priority level) noexcept {
  if (ForkFrame::is(work)) return static_cast<ForkFrame&>(work).give_away(*this, level);
  if (Spawned::is(work)) return Scope::give_away(static_cast<Spawned&>(work));
  if (!post(work, level)) work.run(work);
}

void PoolState::dropped(std::string_view name) noexcept {
  const std::lock_guard guard(mutex_);
  ++report_.dropped;
  if (name.empty() || report_.dropped_names.size() >= CloseReport::most_names) return;
  try {
    report_.dropped_names.emplace_back(name);
  } catch (const std::bad_alloc&) {
    return;  // it is counted
  }
}

void PoolState::unobserved(const std::exception_ptr& exception) noexcept {
  {
    const std::lock_guard guard(mutex_);
    ++report_.threw;
  }
  if (!logging::enabled(logging::Level::error)) return;
  logging::write(logging::Level::error, "pool",
                 thrown_error(exception, "a job of the pool " + name_ + " that nobody waits for failed").text());
}

// What a closed pool, or one of another process, cannot run, the default pool does: work that is posted to an executor
// runs once, whatever happens.
void PoolState::LevelExecutor::post(Work& work) noexcept {
  if (!pool->post(work, level)) default_pool_state().executor(level).post(work);
}

bool PoolState::start_thread(void* own, Worker& worker) noexcept {
  auto& pool = *static_cast<PoolState*>(own);
  try {
    const std::lock_guard guard(pool.mutex_);
    if (pool.joining_) return false;
    pool.join_retired();
    pool.threads_.reserve(pool.threads_.size() + 1);
    auto thread = start_own_thread(pool.name_.substr(0, 15).c_str(), [&pool, &worker] { pool.run_thread(worker); });
    if (!thread) return false;
    pool.threads_.push_back(std::move(*thread));
    return true;
  } catch (const std::exception&) {
    return false;  // no memory for a thread
  }
}

void PoolState::run_thread(Worker& worker) noexcept {
  current_worker = {
      .worker = &worker, .scheduler = &scheduler_, .pool = this, .job = nullptr, .stack_end = end_of_this_stack()};
  metrics_.attend(worker);
  const ObserveBlocking observe(&worker_sleeps_);
  scheduler_.run(worker);
  current_worker = {};
  const std::lock_guard guard(mutex_);
  retired_.push_back(std::this_thread::get_id());
}

void PoolState::join_retired() {
  for (const std::thread::id id : std::exchange(retired_, {})) {
    const auto ended = std::find_if(threads_.begin(), threads_.end(), [id](auto& one) { return one.get_id() == id; });
    ended->join();
    threads_.erase(ended);
  }
}

Result<CloseReport> PoolState::close(Closing how, Deadline deadline) {
  const std::string what = "cannot close the pool " + name_;
  if (forked()) return forked_error(what);
  if (inside()) {
    return Error(Code::invalid_state, what)
        .because("a job of it asks, and would wait for itself")
        .mend("Close it from a thread outside of the pool.");
  }
  const std::lock_guard one(closing_);
  if (!ended_) {
    static_cast<void>(scheduler_.close());
    if (how == Closing::cancel) {
      dropping_.store(true, std::memory_order_relaxed);
      whole_.cancel(StopReason::shutdown, "the pool " + name_ + " closes");
    }
    ended_ = scheduler_.wait_until_quiet(deadline);
    if (ended_) join_all();
  }
  const std::lock_guard guard(mutex_);
  CloseReport report = report_;
  report.complete = ended_;
  if (!ended_) report.running = named_.names(NamedJobs::Stage::running, CloseReport::most_names);
  return report;
}

void PoolState::join_all() {
  scheduler_.end();
  std::vector<std::thread> threads;
  {
    const std::lock_guard guard(mutex_);
    joining_ = true;
    threads = std::exchange(threads_, {});
    retired_.clear();
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace psyne::inline v0
