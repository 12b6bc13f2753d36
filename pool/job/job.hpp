#pragma once

#include <psyne/core/completion/completion.hpp>
#include <psyne/pool/job/job_options.hpp>
#include <psyne/pool/job/job_state.hpp>

#include <optional>
#include <string_view>

namespace psyne::inline v0 {

/// A shared reference to a job, and to its result: everything that a Completion does, and what only jobs have.
///
/// A wait for it inside another job of its pool runs it there, when no worker has begun it; otherwise the waiting
/// thread's place goes to another meanwhile. Dropping the reference detaches: the job runs all the same.
/// cancel() ends one that waits at once; one that runs is told by its token.
/// Thread safety: as a value.
template <class T>
class [[nodiscard]] Job : public Completion<T> {
 public:
  Job() noexcept = default;
  /// Takes over one reference.
  explicit Job(JobState<T>* state) noexcept : Completion<T>(state) {}

  /// How far it is. Only for a reference that refers to a job, as all that follow.
  JobStatus status() const noexcept {
    if (job()->JobRecord::cancelled()) return JobStatus::cancelled;
    switch (Completion<T>::status()) {
      case CompletionStatus::completed: return JobStatus::completed;
      case CompletionStatus::failed: return JobStatus::failed;
      case CompletionStatus::cancelled: return JobStatus::cancelled;
      case CompletionStatus::pending: break;
    }
    return job()->JobRecord::pending() ? JobStatus::pending : JobStatus::running;
  }

  /// Why it was cancelled or told to stop, by its limits or since its pool closes; nothing when it was not. While it
  /// runs this may come a moment after its token says so; once it has finished, it is there.
  std::optional<StopReason> stop_reason() const noexcept { return job()->reason(); }

  /// Empty when it was given none.
  std::string_view name() const noexcept { return job()->name(); }
  Priority priority() const noexcept { return job()->priority(); }

  /// As far as it has come; zero where JobOptions::timings was not set. Complete once it has finished.
  JobTimings timings() const noexcept { return job()->timings(); }

 private:
  JobState<T>* job() const noexcept { return static_cast<JobState<T>*>(this->state()); }
};

}  // namespace psyne::inline v0
