#include <psyne/pool/job/job_context.hpp>
#include <psyne/pool/job/this_job.hpp>
#include <psyne/pool/scheduler/current_worker.hpp>

namespace psyne::inline v0::this_job {

bool running() noexcept { return current_worker.worker != nullptr; }

StopToken token() { return current_worker.job != nullptr ? current_worker.job->token() : StopToken(); }

bool stop_requested() noexcept { return current_worker.job != nullptr && current_worker.job->stop_requested(); }

Priority priority() noexcept {
  return current_worker.worker != nullptr ? current_worker.worker->level() : Priority::normal;
}

std::string_view name() noexcept {
  return current_worker.job != nullptr ? current_worker.job->name() : std::string_view();
}

}  // namespace psyne::inline v0::this_job
