#pragma once

#include <psyne/core/executor/executor.hpp>

namespace psyne::inline v0 {

/// Runs work at once, on the thread that posts it.
///
/// Work that is posted from within such work waits until that one has returned, so a chain of any length needs no more
/// stack than one; in it, therefore, never wait for work that the same thread has posted here.
/// Thread safety: any thread, each with a queue of its own.
class InlineExecutor final : public Executor {
 public:
  void post(Work& work) noexcept override;
};

/// The one that everybody may share; never destroyed.
InlineExecutor& inline_executor() noexcept;

/// While it lives, what its thread would run inline goes to another executor: for threads that must not run users'
/// code, such as the service thread. Does not own `instead`. Scopes nest.
class NothingInline {
 public:
  explicit NothingInline(Executor& instead) noexcept;
  ~NothingInline();
  NothingInline(const NothingInline&) = delete;
  NothingInline& operator=(const NothingInline&) = delete;

 private:
  Executor* before_;
};

}  // namespace psyne::inline v0
