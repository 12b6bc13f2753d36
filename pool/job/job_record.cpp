#include <psyne/core/stop/wait_or_stop.hpp>
#include <psyne/pool/job/job_record.hpp>
#include <psyne/pool/job/this_job.hpp>
#include <psyne/pool/scheduler/fork.hpp>
#include <psyne/pool/scheduler/waiting.hpp>

#include <utility>

namespace psyne::inline v0 {

JobRecord::Extras::Extras(JobRecord& own) noexcept
    : Work([](Work& self) noexcept {
        auto& extras = static_cast<Extras&>(self);
        const bool stopped = extras.limits.stop.stop_requested();
        extras.job->cancel(stopped ? StopReason::parent : StopReason::deadline,
                           std::string(stopped ? extras.limits.stop.text() : std::string_view()));
        extras.job->let_go();
      }),
      job(&own) {}

// On the service thread or on the one that stops the token; what it ends is user code, and goes to the thread for that.
void JobRecord::Extras::limit_reached() noexcept {
  if (reached.exchange(true, std::memory_order_relaxed)) return;
  job->keep();
  service->callbacks().post(*this);
}

std::unique_ptr<JobRecord::Extras> JobRecord::extras_of(JobRecord& own, JobOptions& options) {
  const bool limited = options.deadline != no_time_limit || options.stop.stop_possible();
  if (options.name.empty() && !limited && !options.timings) return nullptr;
  auto extras = std::make_unique<Extras>(own);
  extras->limits = {.name = std::move(options.name), .stop = std::move(options.stop)};
  extras->named.name = extras->limits.name;
  extras->timed = options.timings;
  extras->limited = limited;
  const Deadline now = limited || options.timings ? Clock::now() : Deadline();
  if (options.deadline < no_deadline - now) extras->limits.deadline = now + options.deadline;
  if (options.timings) extras->timings.submitted = now;
  return extras;
}

JobRecord::JobRecord(PoolState& pool, JobOptions options)
    : Work(&run),
      pool_(&pool),
      extras_(extras_of(*this, options)),
      context_(options.priority.value_or(this_job::priority()), &pool.whole(),
               extras_ != nullptr ? &extras_->limits : nullptr) {}

void JobRecord::submit() noexcept {
  if (extras_ != nullptr && !extras_->named.name.empty()) pool_->named().add(extras_->named);
  if (auto failed = watch(); failed && claim()) return end_unrun(std::move(*failed));
  keep();
  if (pool_->post(*this, context_.priority())) return;
  let_go();
  if (claim()) end_unrun(pool_->refusal(what("cannot submit")));
}

// Says why the limits cannot be watched.
std::optional<Error> JobRecord::watch() noexcept {
  if (extras_ == nullptr || !extras_->limited) return std::nullopt;
  auto service = Service::with_callbacks();
  if (!service) return service.error();
  extras_->service = *service;
  extras_->set(**service, extras_->limits.deadline, extras_->limits.stop);
  return std::nullopt;
}

void JobRecord::run(Work& self) noexcept {
  auto& own = static_cast<JobRecord&>(self);
  if (own.pool_->dropping() && own.pending()) [[unlikely]] {
    const std::string name(own.name());
    PoolState& pool = *own.pool_;
    own.cancel(StopReason::shutdown, "the pool " + pool.name() + " closes");
    pool.dropped(name);
  } else if (own.claim()) {
    Worker& worker = *current_worker.worker;
    const Errand before = worker.begin_errand(&own);
    own.run_claimed();
    worker.end_errand(before);
  }
  own.let_go();
}

bool JobRecord::run_for_waiter() noexcept {
  if (!pending() || current_worker.pool != pool_ || !claim()) return false;
  if (may_nest()) {
    run_inside();
    return true;
  }
  try {
    auto inside = [this] { run_inside(); };
    Fork(inside).run_by_other();
  } catch (const Exception& exhausted) {
    end_unrun(exhausted.error());
  }
  return true;
}

void JobRecord::run_inside() noexcept {
  Worker& worker = *current_worker.worker;
  const Priority before = worker.level();
  worker.set_level(std::max(before, context_.priority()));
  run_claimed();
  worker.set_level(before);
}

WaitEnd JobRecord::wait_inside(CompletionState<>& result, Deadline deadline, const StopToken& stop) noexcept {
  struct Told : EventSubscriber {
    explicit Told(Parker<>& of) noexcept
        : EventSubscriber([](EventSubscriber& self) noexcept { static_cast<Told&>(self).parker.wake(); }), parker(of) {}
    Parker<>& parker;
  };
  Told told(current_worker.worker->parker());
  if (!result.subscribe(told)) return WaitEnd::ready;
  const auto finished = [&result] { return result.finished(); };
  const auto enough = [&] { return finished() || wait_is_over(deadline, stop); };
  WaitEnd end = WaitEnd::ready;
  {
    Waiting waiting(this);
    while (!waiting.take_part(enough) && end == WaitEnd::ready && !finished()) {
      const auto look = [&] { return finished() || Waiting::was_recalled(); };
      waiting.asleep(false, [&] { end = wait_or_stop(told.parker, look, deadline, stop, no_patience); });
    }
  }
  result.unsubscribe(told);
  if (finished()) return WaitEnd::ready;
  return stop.stop_requested() ? WaitEnd::stopped : WaitEnd::timed_out;
}

void JobRecord::run_claimed() noexcept {
  CurrentWorker& me = current_worker;
  JobContext* const before = std::exchange(me.job, &context_);
  if (extras_ != nullptr) {
    extras_->named.stage.store(NamedJobs::Stage::running, std::memory_order_relaxed);
    if (extras_->timed) extras_->timings.began = Clock::now();
  }
  call();
  me.job = before;
}

// A job may have seen a limit by itself, and be over before the thread for callbacks says so; and of its pool's closing
// nobody else tells it.
void JobRecord::was_told() noexcept {
  StopReason reason = StopReason::shutdown;
  if (extras_ != nullptr && extras_->limited) {
    if (extras_->limits.stop.stop_requested()) {
      reason = StopReason::parent;
    } else if (Clock::now() >= extras_->limits.deadline) {
      reason = StopReason::deadline;
    }
  }
  std::uint8_t none = 0;
  reason_.compare_exchange_strong(none, stored(reason), std::memory_order_acq_rel);
}

void JobRecord::called() noexcept {
  if (context_.stop_requested()) [[unlikely]]
    was_told();
  if (extras_ != nullptr && extras_->timed) extras_->timings.ended = Clock::now();
  ended();
}

// In this order: once it has completed nothing of the pool is referred to any more.
void JobRecord::end_unrun(Error error) noexcept {
  ended();
  end_without(std::move(error));
}

void JobRecord::ended() noexcept {
  if (extras_ == nullptr) return;
  if (!extras_->named.name.empty()) pool_->named().remove(extras_->named);
  if (extras_->limited) extras_->clear();
}

void JobRecord::cancel(StopReason reason, std::string text) noexcept {
  std::uint8_t none = 0;
  const bool first = reason_.compare_exchange_strong(none, stored(reason), std::memory_order_acq_rel);
  Stage expected = Stage::pending;
  if (stage_.compare_exchange_strong(expected, Stage::cancelled, std::memory_order_acq_rel)) {
    end_unrun(stop_error(reason, text, what("cannot run")));
  } else if (expected == Stage::claimed && first) {
    context_.cancel(reason, std::move(text));
  }
}

std::string JobRecord::what(std::string_view verb) const {
  std::string text(verb);
  text += name().empty() ? " a job" : " the job " + std::string(name());
  return text;
}

}  // namespace psyne::inline v0
