#pragma once

#include <psyne/core/channel/wait.hpp>
#include <psyne/core/result/result.hpp>
#include <psyne/pool/job/job.hpp>
#include <psyne/pool/job/posted.hpp>
#include <psyne/pool/job/this_job.hpp>
#include <psyne/pool/pool/close_report.hpp>
#include <psyne/pool/pool/pool_options.hpp>
#include <psyne/pool/pool/pool_state.hpp>
#include <psyne/pool/pool/pool_statistics.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace psyne::inline v0 {

struct PostOptions {
  std::optional<Priority> priority = {};  ///< nothing: that of the job that posts, or normal
};

struct CloseOptions {
  Closing how = Closing::drain;
  Wait wait = {};  ///< how long close() waits; never how long a job runs
};

/// Threads that run jobs: one for each CPU that the process may use, or as many as were asked for.
///
///   post, submit, executor    any thread, jobs of the pool included; no system call while workers are awake
///   close                     any thread outside of the pool
///
/// Jobs begin in the order of their priority, and within one priority in the order in which they came, when they come
/// from outside; who waits rises by one level per second, by three at most. A thread that waits inside a job runs
/// nothing unrelated meanwhile; another takes its place.
///
/// Destroying it is close(): everything that was submitted is run first. In a forked child the threads are not there:
/// every call is Code::forked, and destroying it does nothing.
class Pool {
 public:
  /// Starts the threads. Errors: invalid_argument, exhausted.
  static Result<Pool> open(PoolOptions options = {}) {
    auto state = PoolState::open(std::move(options));
    if (!state) return state.error();
    return Pool(std::move(*state));
  }

  Pool(Pool&& other) noexcept = default;
  Pool& operator=(Pool&& other) noexcept {
    if (this != &other) {
      end();
      state_ = std::move(other.state_);
    }
    return *this;
  }
  ~Pool() { end(); }

  /// Has `callable()` run, by anybody, and forgets it; what it throws is counted and logged. One allocation of what the
  /// callable needs, from memory that threads keep for that. Throws psyne::Exception: Code::closed, Code::forked.
  template <std::invocable Callable>
  void post(Callable&& callable, const PostOptions& options = {}) {
    using PostedCall = Posted<std::decay_t<Callable>>;
    Work& work = PostedCall::make(std::forward<Callable>(callable));
    if (state_->post(work, options.priority.value_or(this_job::priority()))) [[likely]]
      return;
    PostedCall::drop(work);
    throw Exception(state_->refusal("cannot post a job"));
  }

  /// Has `callable()`, or `callable(stop_token)`, run and its result kept. A closed pool gives a job that has failed
  /// with Code::closed; in a forked child with Code::forked. One allocation; one more where options name anything but
  /// the priority.
  template <class Callable, class Held = std::decay_t<Callable>>
    requires(std::invocable<Held&> || TakesStopToken<Held>)
  Job<JobValueOf<Held>> submit(Callable&& callable, JobOptions options = {}) {
    auto* state = new SubmittedJob<Held>(*state_, std::move(options), std::forward<Callable>(callable));
    state->submit();
    return Job<JobValueOf<Held>>(state);
  }

  /// Runs posted work, for coroutines and callbacks: `co_await resume_on(pool.executor())`. As long as the pool; work
  /// that comes when it is closed is run by the default pool.
  Executor& executor(Priority priority = Priority::normal) const noexcept { return state_->executor(priority); }

  /// Takes no more jobs from outside, only from jobs that run; waits until all are done, or have been cancelled, and
  /// ends the threads. Says what was dropped, and, when the deadline came first, what still runs: threads are never
  /// ended by force, and close() may be called again. Errors: invalid_state from inside a job of the pool, forked.
  Result<CloseReport> close(const CloseOptions& options = {}) {
    return state_->close(options.how, options.wait.deadline);
  }

  const std::string& name() const noexcept { return state_->name(); }
  std::size_t workers() const noexcept { return state_->workers(); }

  /// What it has done so far; the numbers may be some nanoseconds apart. `psyne info` shows them for each thread.
  PoolStatistics statistics() const noexcept { return state_->metrics().statistics(); }

  PoolState& state() const noexcept { return *state_; }

 private:
  explicit Pool(std::unique_ptr<PoolState> state) noexcept : state_(std::move(state)) {}

  void end() noexcept {
    if (state_ == nullptr) return;
    if (state_->forked() || !state_->close(Closing::drain, no_deadline)) {
      static_cast<void>(state_.release());  // its threads are the parent's, or one of them destroys it
    }
    state_.reset();
  }

  std::unique_ptr<PoolState> state_;
};

}  // namespace psyne::inline v0
