#pragma once

#include <psyne/core/executor/work.hpp>

namespace psyne::inline v0 {

/// Runs work that others post: on which thread, when and in which order is its own affair.
///
/// Callbacks and coroutines of users run on executors or in the thread that waits, never on psyne's own threads.
class Executor {
 public:
  virtual ~Executor() = default;

  /// Takes `work` and calls work.run(work) exactly once, perhaps before post() returns. Any thread; neither allocates
  /// nor fails. Holds no lock of its own during the run.
  virtual void post(Work& work) noexcept = 0;
};

}  // namespace psyne::inline v0
